import { Type, type Static } from 'typebox'
import { config, nullable } from '../access-fields.ts'
import { endpoint, headerMap, milliseconds, queueSettings } from '../logging/index.ts'
import { headerType, propagationFields } from '../tracing/index.ts'

export const opentelemetrySchema = config({
  traces_endpoint: nullable(endpoint('OTLP'), 'Where spans are sent: OTLP over HTTP.'),
  logs_endpoint: nullable(endpoint('OTLP'), 'Where a record of each request is sent.'),
  headers: nullable(headerMap('Fields'), 'More header fields, for authentication and the like.'),
  resource_attributes: nullable(
    Type.Record(Type.String({ minLength: 1 }), Type.String({ minLength: 1 })),
    'Attributes of the gateway beside service.name, service.version and service.instance.id.',
  ),
  queue: queueSettings(200),
  connect_timeout: milliseconds(1000, 'Milliseconds to connect; the three add up.'),
  send_timeout: milliseconds(5000, 'Milliseconds to send.'),
  read_timeout: milliseconds(5000, 'Milliseconds until the answer.'),
  http_response_header_for_traceid: nullable(
    Type.String({ pattern: '^[A-Za-z0-9_-]+$' }),
    'Header field of the answer that names the trace.',
  ),
  header_type: headerType,
  sampling_rate: nullable(
    Type.Number({ minimum: 0, maximum: 1 }),
    'Share of the traces that are sent; all when nothing is said.',
  ),
  propagation: propagationFields('w3c'),
})

export type OpentelemetryConfig = Static<typeof opentelemetrySchema>
