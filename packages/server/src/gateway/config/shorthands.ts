import type { EntityKind } from './entities.ts'
import type { ConfigPath } from './faults.ts'

type AddProblem = (path: ConfigPath, message: string, hint?: string) => void

/**
 * Turns what may be said in short into fields, before they are checked. Fields that are given
 * as well count.
 */
export const expandShorthands = (
  kind: EntityKind,
  value: Record<string, unknown>,
  add: AddProblem,
): void => {
  if (kind === 'services') expandUrl(value, add)
  if (kind === 'upstreams') chooseAlgorithm(value)
  if (kind === 'routes') keepGrpcPath(value)
}

const usualPorts: Readonly<Record<string, number>> = { http: 80, https: 443 }
const url = /^(?:([a-z][a-z\d+.-]*):)?\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d+))?([^?#]*)/i

/** `url: http://host:port/path` (kong/db/schema/entities/services.lua). */
const expandUrl = (value: Record<string, unknown>, add: AddProblem): void => {
  const written = value['url']
  delete value['url']
  if (written === undefined || written === null) return
  const parts = typeof written === 'string' ? url.exec(written) : null
  const [, scheme, host = '', port, path = ''] = parts ?? []
  if (parts === null || host === '') {
    add(['url'], 'url is no address.', 'It looks like http://host:port/path.')
    // One mistake is enough to say.
    value['host'] ??= 'unknown'
    return
  }
  const number = port === undefined ? undefined : Number(port)
  const protocol = (scheme ?? (number === 443 ? 'https' : 'http')).toLowerCase()
  value['protocol'] ??= protocol
  value['host'] ??= host.replace(/^\[(.*)\]$/, '$1')
  value['port'] ??= number ?? usualPorts[protocol] ?? 80
  if (path !== '') value['path'] ??= path
}

/** To say what to hash by is to ask for consistent hashing. */
const chooseAlgorithm = (value: Record<string, unknown>): void => {
  const hashOn = value['hash_on']
  const isUnsaid = value['algorithm'] === undefined || value['algorithm'] === null
  if (!isUnsaid || hashOn === undefined || hashOn === null) return
  value['algorithm'] = hashOn === 'none' ? 'round-robin' : 'consistent-hashing'
}

const isGrpc = (protocols: unknown): boolean =>
  Array.isArray(protocols) && (protocols[0] === 'grpc' || protocols[0] === 'grpcs')

/** The path of a gRPC request is its method: it is not stripped. */
const keepGrpcPath = (value: Record<string, unknown>): void => {
  if (isGrpc(value['protocols'])) value['strip_path'] ??= false
}
