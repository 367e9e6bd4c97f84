import { Type, type Static } from 'typebox'
import { config, flag, nullable, oneOf } from '../access-fields.ts'
import { host, port, queueSettings } from '../logging/index.ts'

const consumerIdentifiers = ['consumer_id', 'custom_id', 'username'] as const
const serviceIdentifiers = [
  ...(['service_id', 'service_name', 'service_host', 'service_name_or_host'] as const),
] as const
const workspaceIdentifiers = ['workspace_id', 'workspace_name'] as const

const metricNames = [
  ...(['kong_latency', 'latency', 'request_count', 'request_per_user', 'request_size'] as const),
  ...(['response_size', 'status_count', 'status_count_per_user', 'unique_users'] as const),
  ...(['upstream_latency', 'status_count_per_workspace'] as const),
  ...(['status_count_per_user_per_route', 'shdict_usage'] as const),
] as const

const metric = config({
  name: oneOf(metricNames, { description: 'What is measured.' }),
  stat_type: oneOf(['counter', 'gauge', 'histogram', 'meter', 'set', 'timer'], {
    description: 'How it is told.',
  }),
  sample_rate: nullable(Type.Number({ exclusiveMinimum: 0 }), 'Share that is sent.'),
  consumer_identifier: nullable(oneOf(consumerIdentifiers), 'What a consumer is called.'),
  service_identifier: nullable(oneOf(serviceIdentifiers), 'What a service is called.'),
  workspace_identifier: nullable(oneOf(workspaceIdentifiers), 'What a workspace is called.'),
})

export type Metric = Static<typeof metric>

const standard = (name: Metric['name'], stat_type: Metric['stat_type']) => ({
  name,
  stat_type,
  ...(stat_type === 'counter' || stat_type === 'gauge' ? { sample_rate: 1 } : {}),
})

export const statsdSchema = config({
  host: Type.String({ ...host('Name or address of the server.'), default: 'localhost' }),
  port: port('Port of the server.', { default: 8125 }),
  prefix: Type.String({ default: 'kong', description: 'Begin of all names.' }),
  metrics: Type.Array(metric, {
    default: [
      standard('request_count', 'counter'),
      standard('latency', 'timer'),
      standard('request_size', 'counter'),
      standard('status_count', 'counter'),
      standard('response_size', 'counter'),
      standard('unique_users', 'set'),
      standard('request_per_user', 'counter'),
      standard('upstream_latency', 'timer'),
      standard('kong_latency', 'timer'),
      standard('status_count_per_user', 'counter'),
      standard('status_count_per_workspace', 'counter'),
      standard('status_count_per_user_per_route', 'counter'),
      standard('shdict_usage', 'gauge'),
    ],
    description: 'What is measured, and how.',
  }),
  allow_status_codes: nullable(
    Type.Array(Type.String({ pattern: '^[0-9]{3}-[0-9]{3}$' })),
    'Ranges of statuses that are measured; all when nothing is said.',
  ),
  udp_packet_size: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 65_507,
    description: 'Bytes up to which lines share a datagram; 0 is one line each.',
  }),
  use_tcp: flag('Sends over TCP.'),
  hostname_in_prefix: flag('Puts the name of the host after the prefix.'),
  consumer_identifier_default: oneOf(consumerIdentifiers, {
    default: 'custom_id',
    description: 'What a consumer is called where a metric does not say.',
  }),
  service_identifier_default: oneOf(serviceIdentifiers, {
    default: 'service_name_or_host',
    description: 'What a service is called where a metric does not say.',
  }),
  workspace_identifier_default: oneOf(workspaceIdentifiers, {
    default: 'workspace_id',
    description: 'What a workspace is called where a metric does not say; there is only `default`.',
  }),
  tag_style: nullable(
    oneOf(['dogstatsd', 'influxdb', 'librato', 'signalfx']),
    'How tags are written; without one the facts are in the names.',
  ),
  queue: queueSettings(),
})

export type StatsdConfig = Static<typeof statsdSchema>
