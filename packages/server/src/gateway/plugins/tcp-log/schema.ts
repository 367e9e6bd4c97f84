import { Type, type Static } from 'typebox'
import { config, flag, nullable } from '../access-fields.ts'
import { customFieldsByLua, host, milliseconds, port, verifyField } from '../logging/index.ts'

export const tcpLogSchema = config({
  host: host('Name or address of the server.'),
  port: port('Port of the server.'),
  timeout: milliseconds(10_000, 'Milliseconds to connect, and to hand an entry over.'),
  keepalive: milliseconds(60_000, 'Milliseconds for which an idle connection is kept.'),
  tls: flag('Speaks TLS.'),
  tls_sni: nullable(Type.String({ minLength: 1 }), 'Name for SNI and verification.'),
  ssl_verify: verifyField,
  custom_fields_by_lua: customFieldsByLua,
})

export type TcpLogConfig = Static<typeof tcpLogSchema>
