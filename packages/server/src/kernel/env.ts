import { isIPv4 } from 'node:net'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { closest } from 'fastest-levenshtein'
import { addressRangeProblem } from './address-range.ts'
import { AppError } from './errors.ts'
import { Secret, type LogLevel } from './log.ts'

/** Every environment variable Keelson reads. docs/reference/environment.md is made from this. */
export const environmentVariables = {
  KEELSON_DATA_DIR: 'Data folder; ~/.keelson unless set',
  KEELSON_HOST: 'Loopback address the platform listens on; 127.0.0.1 unless set',
  KEELSON_PORT: 'Port of the API and the page; 7070 unless set',
  KEELSON_GATEWAY_PORT: 'Public port of the gateway; 8080 unless set',
  KEELSON_GATEWAY_TLS_PORT: 'Public port of the gateway for TLS; 8443 unless set',
  KEELSON_GATEWAY_STREAM_PORTS:
    'Ports of the gateway for routes of protocol tcp, tls and tls_passthrough, with commas; none unless set',
  KEELSON_GATEWAY_PLUGINS: 'Folder of plugins of your own for the gateway; none unless set',
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
    'File with the name and the password of the administrator, a line each, for a set-up without a person; read while there is none',
  KEELSON_AUDIT_MONTHS:
    'How many whole months the audit is kept, 0 to 1200; 0, for ever, unless set',
  KEELSON_LOG_LEVEL: 'debug, info, warn or error; info unless set',
  DATABASE_URL: 'Your own PostgreSQL instead of the embedded one',
  DOCKER_HOST: 'Docker Engine; unix:///var/run/docker.sock unless set',
  DOCKER_CONFIG: 'Folder of the credentials for pulling images; ~/.docker unless set',
} as const

/** Set by Keelson in the environment of the services it runs; meaningless to Keelson itself. */
const injectedNames = new Set([
  'KEELSON_GATEWAY_URL',
  'KEELSON_INCARNATION',
  'KEELSON_INSTANCE',
  'KEELSON_SERVICE',
  'KEELSON_STACK',
])

export type Env = Readonly<{
  dataDir: string
  host: string
  port: number
  gatewayPort: number
  gatewayTlsPort: number
  gatewayStreamPorts: readonly number[]
  /** Absolute. */
  gatewayPlugins: string | undefined
  gatewayTrustedProxies: readonly string[]
  gatewayProxyProtocol: readonly string[]
  gatewayWorkers: number
  postgresPort: number | undefined
  masterKey: { file: string | undefined; command: string | undefined }
  setupFile: string | undefined
  /** 0: for ever. */
  auditMonths: number
  logLevel: LogLevel
  databaseUrl: Secret | undefined
  dockerHost: string | undefined
}>

type RawEnvironment = Readonly<Record<string, string | undefined>>

/** Parsed once at the start and frozen. Throws env_unknown and env_invalid. */
export const parseEnv = (raw: RawEnvironment): Env => {
  refuseUnknown(raw)
  const databaseUrl = raw['DATABASE_URL']
  const { KEELSON_GATEWAY_PLUGINS: gatewayPlugins = '' } = raw
  return Object.freeze({
    dataDir: resolve(parseFolder(raw['KEELSON_DATA_DIR'] ?? join(homedir(), '.keelson'))),
    host: parseHost(raw['KEELSON_HOST'] ?? '127.0.0.1'),
    ...parsePorts(raw),
    masterKey: {
      file: nonEmpty(raw['KEELSON_MASTER_KEY_FILE']),
      command: nonEmpty(raw['KEELSON_MASTER_KEY_COMMAND']),
    },
    gatewayPlugins: gatewayPlugins === '' ? undefined : resolve(gatewayPlugins),
    gatewayTrustedProxies: parseRanges('KEELSON_GATEWAY_TRUSTED_PROXIES', raw),
    gatewayProxyProtocol: parseRanges('KEELSON_GATEWAY_PROXY_PROTOCOL', raw),
    gatewayWorkers: parseWorkers(raw['KEELSON_GATEWAY_WORKERS'] ?? '1'),
    setupFile: nonEmpty(raw['KEELSON_SETUP_FILE']),
    auditMonths: parseMonths(raw['KEELSON_AUDIT_MONTHS'] ?? '0'),
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

const invalid = (name: string, value: string, wanted: string): AppError =>
  new AppError('env_invalid', { message: `${name} is ${JSON.stringify(value)}, not ${wanted}` })

type Ports = Pick<
  Env,
  'port' | 'gatewayPort' | 'gatewayTlsPort' | 'gatewayStreamPorts' | 'postgresPort'
>

const parsePorts = (raw: RawEnvironment): Ports => {
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
  return {
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
}

const nonEmpty = (value: string | undefined): string | undefined =>
  value === '' ? undefined : value
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

/** Only loopback until there is an administrator with a password: the link alone guards nothing. */
const parseHost = (value: string): string => {
  const isLoopback = value.startsWith('127.') && isIPv4(value)
  if (value === '::1' || value === 'localhost' || isLoopback) return value
  throw invalid('KEELSON_HOST', value, 'a loopback address such as 127.0.0.1')
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
