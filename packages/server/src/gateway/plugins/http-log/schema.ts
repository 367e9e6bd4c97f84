import { Type, type Static } from 'typebox'
import { config, nullable } from '../access-fields.ts'
import {
  customFieldsByLua,
  endpoint,
  headerMap,
  milliseconds,
  queueSettings,
  verifyField,
} from '../logging/index.ts'

export const httpLogSchema = config({
  http_endpoint: endpoint('Where entries are sent; may hold a name and a password.'),
  method: Type.Enum(['POST', 'PUT', 'PATCH'], {
    default: 'POST',
    description: 'Method of the requests.',
  }),
  content_type: Type.Enum(['application/json', 'application/json; charset=utf-8'], {
    default: 'application/json',
    description: 'Content-Type of the requests.',
  }),
  timeout: milliseconds(10_000, 'Milliseconds that a request may take.'),
  keepalive: milliseconds(60_000, 'Milliseconds for which an idle connection is kept.'),
  headers: nullable(headerMap('Fields'), 'More header fields of the requests.'),
  ssl_verify: verifyField,
  queue: queueSettings(),
  custom_fields_by_lua: customFieldsByLua,
})

export type HttpLogConfig = Static<typeof httpLogSchema>
