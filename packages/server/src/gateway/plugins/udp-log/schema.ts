import type { Static } from 'typebox'
import { config } from '../access-fields.ts'
import { customFieldsByLua, host, milliseconds, port } from '../logging/index.ts'

export const udpLogSchema = config({
  host: host('Name or address of the server.'),
  port: port('Port of the server.'),
  timeout: milliseconds(10_000, 'Of Kong; a datagram waits for nothing.'),
  custom_fields_by_lua: customFieldsByLua,
})

export type UdpLogConfig = Static<typeof udpLogSchema>
