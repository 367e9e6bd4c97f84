import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { closest } from 'fastest-levenshtein'
import { addressRangeProblem } from './address-range.ts'
import { parseAuditSinks, type AuditSinks } from './env-audit.ts'
import { parseEdge, type Edge } from './env-edge.ts'
import { invalid, nonEmpty, type RawEnvironment } from './env-fault.ts'
import { AppError } from './errors.ts'
import { Secret, type LogLevel } from './log.ts'

/** Every environment variable Keelson reads. docs/reference/environment.md is made from this. */
export const environmentVariables = {
  KEELSON_DATA_DIR: 'Data folder; ~/.keelson unless set',
  KEELSON_HOST:
    'Address the platform listens on, once there is an administrator; 127.0.0.1 unless set. One that others reach takes TLS or a proxy: docs/https.md',
  KEELSON_PORT: 'Port of the API and the page by plain HTTP; 7070 unless set',
  KEELSON_PUBLIC_URL:
    'Address by which people reach the page, as https://ops.example.com; that of KEELSON_HOST unless set',
  KEELSON_TRUSTED_PROXIES:
    'Addresses and CIDR ranges of proxies in front of the page, whose x-forwarded-for, -proto and -host are believed, with commas; none unless set',
  KEELSON_TLS_CERT_FILE:
    'Certificate of the page with its chain, in PEM, read anew when it changes; none unless set',
  KEELSON_TLS_KEY_FILE: 'Private key of that certificate, in PEM; none unless set',
  KEELSON_TLS_ACME_EMAIL:
    'Gets the certificate of the page from an ACME server, in place of files, and renews it: where that server writes to; none unless set. docs/https.md',
  KEELSON_TLS_ACME_TERMS: 'agreed, when you agree to the terms of that server; not unless set',
  KEELSON_TLS_ACME_DIRECTORY:
    "Directory of that server; Let's Encrypt, https://acme-v02.api.letsencrypt.org/directory, unless set",
  KEELSON_TLS_PORT:
    'Port of the API and the page by TLS, if there is a certificate; 7443 unless set',
  KEELSON_GATEWAY_PORT: 'Public port of the gateway; 8080 unless set',
  KEELSON_GATEWAY_TLS_PORT: 'Public port of the gateway for TLS; 8443 unless set',
  KEELSON_GATEWAY_STREAM_PORTS:
    'Ports of the gateway for routes of protocol tcp, tls and tls_passthrough, with commas; none unless set',
  KEELSON_GATEWAY_PLUGINS: 'Folder of plugins of your own for the gateway; none unless set',
  KEELSON_GATEWAY_LOG_FOLDERS:
    'Folders that file-log may write into by the API, with commas, beside gateway-logs in the data folder; none unless set',
  KEELSON_GATEWAY_FILE_FOLDERS:
    'Folders that other plugins may use by the API (static-files, openapi_file, disk_folder), with commas, beside gateway-files in the data folder; none unless set',
  KEELSON_GATEWAY_TRUSTED_PROXIES:
    'Addresses and CIDR ranges of proxies in front of the gateway, with commas; none unless set',
  KEELSON_GATEWAY_PROXY_PROTOCOL:
    'Addresses and CIDR ranges of balancers that speak the PROXY protocol to the gateway, with commas; none unless set',
  KEELSON_GATEWAY_WORKERS:
    'How many threads of the gateway serve clients, 1 to 64; 1 unless set. Each further one takes about 60 MB',
  KEELSON_POSTGRES_PORT: 'Loopback port of the embedded PostgreSQL; a free one unless set',
  KEELSON_MASTER_KEY_FILE: 'File of the master keys; master.key in the data folder unless set',
  KEELSON_MASTER_KEY_COMMAND:
    'Prints the master keys, run by sh: for keys kept by somebody else; nothing unless set',
  KEELSON_SETUP_FILE:
    'File with the name and the password of the administrator, a line each, for a set-up without a person; read until there was one',
  KEELSON_AUDIT_MONTHS:
    'How many whole months the audit is kept, 0 to 1200; 0, for ever, unless set',
  KEELSON_AUDIT_SYSLOG:
    'Where the audit is delivered as syslog: udp://, tcp:// or tls:// with host and port; nowhere unless set',
  KEELSON_AUDIT_WEBHOOK:
    'Where the audit is delivered by HTTP: an https address; nowhere unless set',
  KEELSON_AUDIT_WEBHOOK_SECRET_FILE:
    'File with the secret these deliveries are signed with: whsec_ and 24 to 64 bytes in base64',
  KEELSON_LOG_LEVEL: 'debug, info, warn or error; info unless set',
  DATABASE_URL: 'Your own PostgreSQL instead of the embedded one',
  DOCKER_HOST: 'Docker Engine; unix:///var/run/docker.sock unless set',
  DOCKER_CONFIG: 'Folder of the credentials for pulling images; ~/.docker unless set',
} as const

/** Set by Keelson in the environment of the services it runs; meaningless to Keelson itself. */
const injectedNames = new Set([
  'KEELSON_CLIENT_ID',
  'KEELSON_CLIENT_SECRET',
  'KEELSON_GATEWAY_URL',
  'KEELSON_INCARNATION',
  'KEELSON_INSTANCE',
  'KEELSON_SERVICE',
  'KEELSON_STACK',
  'KEELSON_TOKEN_URL',
])

export type Env = Readonly<
  Edge & {
    dataDir: string
    port: number
    gatewayPort: number
    gatewayTlsPort: number
    gatewayStreamPorts: readonly number[]
    /** Absolute. */
    gatewayPlugins: string | undefined
    /** Absolute; beside those in the data folder. */
    gatewayLogFolders: readonly string[]
    gatewayFileFolders: readonly string[]
    gatewayTrustedProxies: readonly string[]
    gatewayProxyProtocol: readonly string[]
    gatewayWorkers: number
    postgresPort: number | undefined
    masterKey: { file: string | undefined; command: string | undefined }
    setupFile: string | undefined
    /** 0: for ever. */
    auditMonths: number
    auditSinks: AuditSinks
    logLevel: LogLevel
    databaseUrl: Secret | undefined
    dockerHost: string | undefined
  }
>

/** Parsed once at the start and frozen. Throws env_unknown and env_invalid. */
export const parseEnv = (raw: RawEnvironment): Env => {
  refuseUnknown(raw)
  const databaseUrl = raw['DATABASE_URL']
  const { KEELSON_GATEWAY_PLUGINS: gatewayPlugins = '' } = raw
  const ports = parsePorts(raw)
  return Object.freeze({
    dataDir: resolve(parseFolder(raw['KEELSON_DATA_DIR'] ?? join(homedir(), '.keelson'))),
    ...parseEdge(raw, {
      trustedProxies: parseRanges('KEELSON_TRUSTED_PROXIES', raw),
      tlsPort: ports.tlsPort,
    }),
    ...ports.own,
    masterKey: {
      file: nonEmpty(raw['KEELSON_MASTER_KEY_FILE']),
      command: nonEmpty(raw['KEELSON_MASTER_KEY_COMMAND']),
    },
    gatewayPlugins: gatewayPlugins === '' ? undefined : resolve(gatewayPlugins),
    gatewayLogFolders: parseFolders('KEELSON_GATEWAY_LOG_FOLDERS', raw),
    gatewayFileFolders: parseFolders('KEELSON_GATEWAY_FILE_FOLDERS', raw),
    gatewayTrustedProxies: parseRanges('KEELSON_GATEWAY_TRUSTED_PROXIES', raw),
    gatewayProxyProtocol: parseRanges('KEELSON_GATEWAY_PROXY_PROTOCOL', raw),
    gatewayWorkers: parseWorkers(raw['KEELSON_GATEWAY_WORKERS'] ?? '1'),
    setupFile: nonEmpty(raw['KEELSON_SETUP_FILE']),
    auditMonths: parseMonths(raw['KEELSON_AUDIT_MONTHS'] ?? '0'),
    auditSinks: parseAuditSinks(raw),
    logLevel: parseLogLevel(raw['KEELSON_LOG_LEVEL'] ?? 'info'),
    databaseUrl: databaseUrl === undefined ? undefined : parseDatabaseUrl(databaseUrl),
    dockerHost: raw['DOCKER_HOST'] === '' ? undefined : raw['DOCKER_HOST'], // as Docker's own does
  })
}

const refuseUnknown = (raw: RawEnvironment): void => {
  const known = Object.keys(environmentVariables)
  for (const name of Object.keys(raw)) {
    if (!name.startsWith('KEELSON_') || known.includes(name) || injectedNames.has(name)) continue
    const message = `${name} is not a variable Keelson knows; did you mean ${closest(name, known)}?`
    throw new AppError('env_unknown', { message })
  }
}

type Ports = Pick<
  Env,
  'port' | 'gatewayPort' | 'gatewayTlsPort' | 'gatewayStreamPorts' | 'postgresPort'
>

/** `tlsPort` counts among them only where there is TLS. */
const parsePorts = (raw: RawEnvironment): { own: Ports; tlsPort: () => number } => {
  const { KEELSON_PORT = '7070', KEELSON_GATEWAY_PORT = '8080', KEELSON_POSTGRES_PORT } = raw
  const { KEELSON_GATEWAY_TLS_PORT = '8443', KEELSON_GATEWAY_STREAM_PORTS } = raw
  const taken = new Map<number, string>()
  const own = (name: string, value: string): number => {
    const port = parsePort(name, value)
    const other = taken.get(port)
    if (other !== undefined) throw invalid(name, value, `another port than ${other}`)
    taken.set(port, name)
    return port
  }
  const ports = {
    port: own('KEELSON_PORT', KEELSON_PORT),
    gatewayPort: own('KEELSON_GATEWAY_PORT', KEELSON_GATEWAY_PORT),
    gatewayTlsPort: own('KEELSON_GATEWAY_TLS_PORT', KEELSON_GATEWAY_TLS_PORT),
    gatewayStreamPorts: listOf(KEELSON_GATEWAY_STREAM_PORTS).map((port) =>
      own('KEELSON_GATEWAY_STREAM_PORTS', port),
    ),
    postgresPort:
      KEELSON_POSTGRES_PORT === undefined
        ? undefined
        : own('KEELSON_POSTGRES_PORT', KEELSON_POSTGRES_PORT),
  }
  return { own: ports, tlsPort: () => own('KEELSON_TLS_PORT', raw['KEELSON_TLS_PORT'] ?? '7443') }
}

const listOf = (value = ''): string[] => (value === '' ? [] : value.split(','))

const parseWorkers = (value: string): number => {
  const workers = Number(value)
  if (/^\d{1,2}$/.test(value) && workers >= 1 && workers <= 64) return workers
  throw invalid('KEELSON_GATEWAY_WORKERS', value, 'a number from 1 to 64')
}

const parseMonths = (value: string): number => {
  const months = Number(value)
  if (/^\d{1,4}$/.test(value) && months <= 1200) return months
  throw invalid('KEELSON_AUDIT_MONTHS', value, 'a number of months from 0 to 1200')
}

const parseRanges = (name: string, raw: RawEnvironment): string[] =>
  listOf(raw[name]).map((value) => {
    if (addressRangeProblem(value) === null) return value
    throw invalid(name, value, 'an address or a CIDR range such as 10.0.0.0/8')
  })

/** The platform runs in another folder than whoever starts it. */
const parseFolders = (name: string, raw: RawEnvironment): string[] =>
  listOf(raw[name]).map((value) => {
    if (isAbsolute(value)) return resolve(value)
    throw invalid(name, value, 'a whole path, from / on')
  })

/** An empty one would be the folder Keelson happens to be started in. */
const parseFolder = (value: string): string => {
  if (value !== '') return value
  throw invalid('KEELSON_DATA_DIR', value, 'a folder such as /var/lib/keelson')
}

const parsePort = (name: string, value: string): number => {
  const port = Number(value)
  if (!/^\d{1,5}$/.test(value) || port < 1 || port > 65_535) {
    throw invalid(name, value, 'a port between 1 and 65535')
  }
  return port
}

const parseLogLevel = (value: string): LogLevel => {
  if (value === 'debug' || value === 'info' || value === 'warn' || value === 'error') return value
  throw invalid('KEELSON_LOG_LEVEL', value, 'one of debug, info, warn, error')
}

const parseDatabaseUrl = (value: string): Secret => {
  if (!/^postgres(ql)?:\/\//.test(value) || !URL.canParse(value)) {
    // The value may hold a password, so it is not repeated.
    const message = 'DATABASE_URL is not a URL such as postgres://user@host:5432/name'
    throw new AppError('env_invalid', { message })
  }
  return new Secret(value)
}
