import { tableError } from './failure.ts'
import { closestTo } from './suggestion.ts'

/** Of the command line alone: on which platform it works, and as whom. */
const ownVariables = ['KEELSON_URL', 'KEELSON_TOKEN'] as const

/** Every `KEELSON_` variable of the platform; a test holds this list to its own. */
export const keelsonVariables = [
  'KEELSON_DATA_DIR',
  'KEELSON_HOST',
  'KEELSON_PORT',
  'KEELSON_PUBLIC_URL',
  'KEELSON_TRUSTED_PROXIES',
  'KEELSON_TLS_CERT_FILE',
  'KEELSON_TLS_KEY_FILE',
  'KEELSON_TLS_ACME_EMAIL',
  'KEELSON_TLS_ACME_TERMS',
  'KEELSON_TLS_ACME_DIRECTORY',
  'KEELSON_TLS_PORT',
  'KEELSON_GATEWAY_PORT',
  'KEELSON_GATEWAY_TLS_PORT',
  'KEELSON_GATEWAY_STREAM_PORTS',
  'KEELSON_GATEWAY_PLUGINS',
  'KEELSON_GATEWAY_LOG_FOLDERS',
  'KEELSON_GATEWAY_FILE_FOLDERS',
  'KEELSON_GATEWAY_TRUSTED_PROXIES',
  'KEELSON_GATEWAY_PROXY_PROTOCOL',
  'KEELSON_GATEWAY_WORKERS',
  'KEELSON_POSTGRES_PORT',
  'KEELSON_MASTER_KEY_FILE',
  'KEELSON_MASTER_KEY_COMMAND',
  'KEELSON_SETUP_FILE',
  'KEELSON_AUDIT_MONTHS',
  'KEELSON_AUDIT_SYSLOG',
  'KEELSON_AUDIT_WEBHOOK',
  'KEELSON_AUDIT_WEBHOOK_SECRET_FILE',
  'KEELSON_LOG_LEVEL',
] as const

/** Told to services by the platform: a command that is run inside of one has them too. */
const injected = new Set([
  'KEELSON_FILES',
  'KEELSON_GATEWAY_URL',
  'KEELSON_INCARNATION',
  'KEELSON_INSTANCE',
  'KEELSON_SERVICE',
  'KEELSON_STACK',
])

/** A typing error shall not be a default: throws for a variable that nobody reads. */
export const checkEnvironment = (env: Readonly<Record<string, string | undefined>>): void => {
  const known: readonly string[] = [...keelsonVariables, ...ownVariables]
  for (const name of Object.keys(env)) {
    if (!name.startsWith('KEELSON_') || known.includes(name) || injected.has(name)) continue
    const meant = closestTo(name, known)
    const question = meant === undefined ? '' : `; did you mean ${meant}?`
    throw tableError('env_unknown', `${name} is not a variable Keelson knows${question}`)
  }
}

/** What the platform is started with: the token of whoever starts it is none of its business. */
export const environmentOfPlatform = (
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> => {
  const own: readonly string[] = ownVariables
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own.includes(name)))
}
