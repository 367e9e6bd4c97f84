import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../../kernel/errors.ts'

/** Where an engine is and how it is spoken to. */
export type EngineAddress = {
  /** As in DOCKER_HOST, for messages. */
  text: string
  /** Name of the host it runs on; null when that is this one. */
  remoteHost: string | null
  way:
    | { kind: 'unix'; socketPath: string }
    | { kind: 'tcp'; host: string; port: number; tls: EngineTls | null }
    | { kind: 'ssh'; host: string; port: string; user: string }
}

export type EngineTls = { ca?: Buffer; cert?: Buffer; key?: Buffer; verify: boolean }

export type EngineEnvironment = Readonly<Record<string, string | undefined>>

const usualSocket = 'unix:///var/run/docker.sock'

/**
 * The engine that Docker's own commands would use: `dockerHost`, DOCKER_HOST, then the context of
 * DOCKER_CONTEXT or of `docker context use`, then the usual socket. Certificates as in
 * DOCKER_CERT_PATH and DOCKER_TLS_VERIFY. Throws AppError('engine_unavailable').
 */
export const engineAddress = (
  dockerHost: string | undefined,
  environment: EngineEnvironment = process.env,
): EngineAddress => {
  const given = dockerHost ?? environment['DOCKER_HOST'] ?? ''
  if (given !== '') return parseAddress(given, (port) => tlsOf(environment, port))
  const context = contextOf(environment)
  return context === null
    ? parseAddress(usualSocket, () => null)
    : parseAddress(context.host, () => context.tls)
}

const parseAddress = (text: string, tlsFor: (port: string) => EngineTls | null): EngineAddress => {
  const url = URL.parse(text.includes('//') ? text : `tcp://${text}`)
  if (url === null) throw unusable(text, 'it is no address')
  if (url.protocol === 'unix:') {
    return { text, remoteHost: null, way: { kind: 'unix', socketPath: url.pathname } }
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (host === '') throw unusable(text, 'it names no host')
  if (url.protocol === 'ssh:') {
    const user = decodeURIComponent(url.username)
    return { text, remoteHost: host, way: { kind: 'ssh', host, port: url.port, user } }
  }
  if (!['tcp:', 'http:', 'https:'].includes(url.protocol)) {
    throw unusable(text, `${url.protocol} is neither unix:, tcp: nor ssh:`)
  }
  const tls = tlsFor(url.port) ?? (url.protocol === 'https:' ? { verify: true } : null)
  const port = url.port === '' ? (tls === null ? 2375 : 2376) : Number(url.port)
  return { text, remoteHost: isLoopback(host) ? null : host, way: { kind: 'tcp', host, port, tls } }
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.')

const unusable = (text: string, reason: string): AppError =>
  new AppError(
    'engine_unavailable',
    { message: `The address of the Docker Engine cannot be used: ${text} (${reason})` },
    { hint: 'DOCKER_HOST takes unix:///path, tcp://host:port and ssh://user@host.' },
  )

const configFolder = (environment: EngineEnvironment): string =>
  environment['DOCKER_CONFIG'] ?? join(homedir(), '.docker')

const tlsOf = (environment: EngineEnvironment, port: string): EngineTls | null => {
  const verify = (environment['DOCKER_TLS_VERIFY'] ?? '') !== ''
  if (!verify && port !== '2376') return null
  const folder = environment['DOCKER_CERT_PATH'] ?? configFolder(environment)
  return { ...readCertificates(folder), verify: true }
}

const readCertificates = (folder: string): Omit<EngineTls, 'verify'> => {
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => {
    try {
      return readFileSync(join(folder, name))
    } catch {
      return undefined // A server with a public certificate that asks for none has none of them.
    }
  })
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
}

type ContextMeta = { Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } } }

/** The context in use, from the files of Docker's own command; null for the default one. */
const contextOf = (
  environment: EngineEnvironment,
): { host: string; tls: EngineTls | null } | null => {
  const folder = configFolder(environment)
  const config = readJson(join(folder, 'config.json')) as { currentContext?: string } | null
  const name = environment['DOCKER_CONTEXT'] ?? config?.currentContext ?? 'default'
  if (name === '' || name === 'default') return null
  const id = createHash('sha256').update(name).digest('hex')
  const meta = readJson(join(folder, 'contexts/meta', id, 'meta.json')) as ContextMeta | null
  const endpoint = meta?.Endpoints?.docker
  if (endpoint?.Host === undefined) {
    const message = `There is no Docker context ${name} in ${folder}`
    const hint = 'Choose another with DOCKER_CONTEXT, or set DOCKER_HOST.'
    throw new AppError('engine_unavailable', { message }, { hint })
  }
  const certificates = readCertificates(join(folder, 'contexts/tls', id, 'docker'))
  const tls =
    Object.keys(certificates).length === 0
      ? null
      : { ...certificates, verify: endpoint.SkipTLSVerify !== true }
  return { host: endpoint.Host, tls }
}

const readJson = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}
