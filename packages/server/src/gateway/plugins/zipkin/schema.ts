import { Type, type Static } from 'typebox'
import { config, flag, nullable, oneOf } from '../access-fields.ts'
import { endpoint, milliseconds, queueSettings } from '../logging/index.ts'
import { formats, headerType, propagationFields } from '../tracing/index.ts'

/** Tags that the plugin sets itself. */
const ownTags = [
  ...['error', 'http.method', 'http.path', 'http.status_code', 'kong.balancer.state'],
  ...['kong.balancer.try', 'kong.consumer', 'kong.credential', 'kong.node.id', 'kong.route'],
  ...['kong.service', 'lc', 'peer.hostname'],
]
const isOwn = ownTags.map((tag) => tag.replaceAll('.', '\\.')).join('|')

const staticTag = config({
  name: Type.String({ pattern: `^(?!(?:${isOwn})$)`, description: 'Name of the tag.' }),
  value: Type.String({ description: 'Its value.' }),
})

export const zipkinSchema = config({
  local_service_name: Type.String({
    default: 'kong',
    description: 'What the gateway is called in Zipkin.',
  }),
  http_endpoint: nullable(endpoint('Zipkin'), 'Where spans are sent; nowhere without one.'),
  sample_ratio: Type.Number({
    default: 0.001,
    minimum: 0,
    maximum: 1,
    description: 'Share of the requests that are traced, of those whose client did not decide.',
  }),
  default_service_name: nullable(
    Type.String({ minLength: 1 }),
    'What a service without a name is called.',
  ),
  include_credential: flag('Names the credential of the consumer.', true),
  traceid_byte_count: Type.Union([Type.Literal(8), Type.Literal(16)], {
    default: 16,
    description: 'Length of ids of new traces, in bytes.',
  }),
  header_type: headerType,
  default_header_type: oneOf(formats, {
    default: 'b3',
    description: 'Format of `preserve` when there was none, with `header_type`.',
  }),
  tags_header: Type.String({
    default: 'Zipkin-Tags',
    pattern: '^[A-Za-z0-9_-]+$',
    description: 'Header of requests that brings tags: `a=b; c=d`.',
  }),
  static_tags: nullable(Type.Array(staticTag), 'Tags of every request.'),
  http_span_name: oneOf(['method', 'method_path'], {
    default: 'method',
    description: 'What spans are called.',
  }),
  connect_timeout: milliseconds(2000, 'Milliseconds to connect; the three add up.'),
  send_timeout: milliseconds(5000, 'Milliseconds to send.'),
  read_timeout: milliseconds(5000, 'Milliseconds until the answer.'),
  http_response_header_for_traceid: nullable(
    Type.String({ pattern: '^[A-Za-z0-9_-]+$' }),
    'Header field of the answer that names the trace.',
  ),
  phase_duration_flavor: oneOf(['annotations', 'tags'], {
    default: 'annotations',
    description: 'How the times of the phases are shown.',
  }),
  queue: queueSettings(),
  propagation: propagationFields('b3'),
})

export type ZipkinConfig = Static<typeof zipkinSchema>
