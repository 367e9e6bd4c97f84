import { Type, type Static } from 'typebox'
import { config, oneOf } from '../access-fields.ts'
import { customFieldsByLua, host, port } from '../logging/index.ts'

/** By their number (RFC 5424 6.2.1). */
export const severities = [
  ...(['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const),
] as const
export const facilities = [
  ...(['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp'] as const),
  ...(['cron', 'authpriv', 'ftp'] as const),
] as const
/** 12 to 15 have no name in Kong; local0 is 16. */
export const localFacilities = [
  ...(['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'] as const),
] as const

const severity = (description: string) => oneOf(severities, { default: 'info', description })

export const syslogSchema = config({
  log_level: severity('The least that is sent.'),
  successful_severity: severity('Severity of answers below 400.'),
  client_errors_severity: severity('Severity of answers from 400 to 499.'),
  server_errors_severity: severity('Severity of answers from 500.'),
  facility: oneOf([...facilities, ...localFacilities], {
    default: 'user',
    description: 'Facility of the messages.',
  }),
  host: Type.String({ ...host('Name or address of the syslog daemon.'), default: '127.0.0.1' }),
  port: port('Its port.', { default: 514 }),
  protocol: oneOf(['udp', 'tcp'], {
    default: 'udp',
    description: 'How it is reached: RFC 5426, or RFC 6587 with counted octets.',
  }),
  custom_fields_by_lua: customFieldsByLua,
})

export type SyslogConfig = Static<typeof syslogSchema>
