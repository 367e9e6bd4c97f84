import { isAbsolute } from 'node:path'
import { invalid, nonEmpty, type RawEnvironment } from './env-fault.ts'
import { AppError } from './errors.ts'
import { Secret } from './log.ts'
import { isLoopback } from './loopback.ts'

export type SyslogTarget = { protocol: 'udp' | 'tcp' | 'tls'; host: string; port: number }

/** An address may hold a token in its path; the origin may be shown. */
export type WebhookTarget = { url: Secret; origin: string; secretFile: string }

/** Where the audit goes besides the database. */
export type AuditSinks = {
  syslog: SyslogTarget | undefined
  webhook: WebhookTarget | undefined
}

const syslogPorts = { udp: 514, tcp: 514, tls: 6514 } as const

/** Throws AppError `env_invalid`. */
export const parseAuditSinks = (raw: RawEnvironment): AuditSinks => ({
  syslog: parseSyslog(nonEmpty(raw['KEELSON_AUDIT_SYSLOG'])),
  webhook: parseWebhook(
    nonEmpty(raw['KEELSON_AUDIT_WEBHOOK']),
    nonEmpty(raw['KEELSON_AUDIT_WEBHOOK_SECRET_FILE']),
  ),
})

const parseSyslog = (value: string | undefined): SyslogTarget | undefined => {
  if (value === undefined) return undefined
  const [, protocol] = /^(udp|tcp|tls):\/\/[^/?#@\\\s]+\/?$/.exec(value) ?? []
  if ((protocol !== 'udp' && protocol !== 'tcp' && protocol !== 'tls') || !URL.canParse(value)) {
    throw invalid('KEELSON_AUDIT_SYSLOG', value, 'an address such as tls://logs.example.com:6514')
  }
  const { hostname, port } = new URL(value)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return { protocol, host, port: port === '' ? syslogPorts[protocol] : Number(port) }
}

const parseWebhook = (
  address: string | undefined,
  secretFile: string | undefined,
): WebhookTarget | undefined => {
  if (address === undefined && secretFile === undefined) return undefined
  if (address === undefined || secretFile === undefined) {
    throw refused(
      'KEELSON_AUDIT_WEBHOOK and KEELSON_AUDIT_WEBHOOK_SECRET_FILE belong together: one of them is missing',
    )
  }
  if (!isAbsolute(secretFile)) {
    const wanted = 'the whole path of a file, from / on'
    throw invalid('KEELSON_AUDIT_WEBHOOK_SECRET_FILE', secretFile, wanted)
  }
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isGuarded =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(bare(url.hostname)))
  if (url === undefined || !isGuarded || url.username !== '' || url.password !== '') {
    // The address may hold a secret, so it is not repeated.
    throw refused(
      'KEELSON_AUDIT_WEBHOOK is not an address such as https://logs.example.com/keelson, without a ' +
        'name and password in it; http is for this machine alone',
    )
  }
  return { url: new Secret(url.href), origin: url.origin, secretFile }
}

const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1')
const refused = (message: string): AppError => new AppError('env_invalid', { message })
