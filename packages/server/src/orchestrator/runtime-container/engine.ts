import { globalAgent, type Agent, type ClientRequest } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { inspect } from 'node:util'
import type DockerClient from 'dockerode'
import type { Clock } from '../../kernel/clock.ts'
import { systemClock } from '../../kernel/clock.ts'
import { AppError, messageOf } from '../../kernel/errors.ts'
import { Docker } from './docker-client.ts'
import { engineAddress, type EngineAddress, type EngineEnvironment } from './engine-address.ts'
import { createSshAgent } from './ssh-agent.ts'

/** The connection to one Docker Engine. Nothing is dialled before the first call. */
export type Engine = {
  /** Where it is, for messages: a socket path or host and port. */
  address: string
  /** Host of an engine elsewhere: its published ports are reached there. Null for this host. */
  remoteHost: string | null
  /**
   * Makes a call on a connection of its own and translates its failure:
   * AppError('engine_unavailable') when nobody answers, AppError('engine_failed') for a refusal,
   * with `what` as in "refused to start x". A call that takes too long is broken off.
   */
  call<T>(what: string, make: (docker: DockerClient) => Promise<T>, timeoutMs?: number): Promise<T>
  /** As `call`, and null for what the engine does not have (404). */
  find<T>(what: string, make: (docker: DockerClient) => Promise<T>): Promise<T | null>
  /** Version of its API as [major, minor], asked once. */
  apiVersion(): Promise<readonly [number, number]>
  close(): void
}

export type EngineOptions = { clock?: Clock; environment?: EngineEnvironment }

/** An engine that has not answered for so long hangs; even a start with a slow disk takes less. */
const callTimeoutMs = 60_000

/** `dockerHost` as in DOCKER_HOST; without it the environment decides. See `engineAddress`. */
export const createEngine = (
  dockerHost: string | undefined,
  { clock = systemClock, environment = process.env }: EngineOptions = {},
): Engine => {
  const place = tryAddress(dockerHost, environment)
  const address = place instanceof AppError ? (dockerHost ?? 'DOCKER_HOST') : place.text
  let connection: Connection | null = null
  let version: Promise<readonly [number, number]> | null = null

  const connect = (): Connection => {
    if (place instanceof AppError) throw place
    connection ??= connectionTo(place)
    return connection
  }

  const call: Engine['call'] = async (what, make, timeoutMs = callTimeoutMs) => {
    const late = Promise.withResolvers<never>()
    const abort = new AbortController()
    const timer = clock.setTimer(() => {
      const message = `The Docker Engine at ${address} did not answer within ${timeoutMs} ms: ${what}`
      late.reject(new AppError('engine_failed', { message }))
      abort.abort()
    }, timeoutMs)
    try {
      const client = clientFor(connect(), abort.signal, late.reject)
      return await Promise.race([make(client), late.promise])
    } catch (error) {
      throw translate(error, what, address)
    } finally {
      timer.cancel()
    }
  }

  return {
    address,
    remoteHost: place instanceof AppError ? null : place.remoteHost,
    call,
    find: async (what, make) => {
      try {
        return await call(what, make)
      } catch (error) {
        if (error instanceof AppError && statusOf(error.cause) === 404) return null
        throw error
      }
    },
    apiVersion: () => {
      version ??= call('tell its version', (docker) => docker.version(), 10_000).then(
        ({ ApiVersion }) => {
          const [major = 1, minor = 0] = ApiVersion.split('.').map(Number)
          return [major, minor] as const
        },
      )
      version.catch(() => {
        version = null
      })
      return version
    },
    close: () => connection?.agent?.destroy(),
  }
}

/** A wrong address is told by the first call, like every other way of not reaching an engine. */
const tryAddress = (
  dockerHost: string | undefined,
  environment: EngineEnvironment,
): EngineAddress | AppError => {
  try {
    return engineAddress(dockerHost, environment)
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}

/** Every setting is given: what is left out the client would take from the environment. */
const connectionTo = ({ way, text }: EngineAddress): Connection => {
  if (way.kind === 'unix') {
    return modemOf({ socketPath: way.socketPath, host: '', protocol: 'http' }, null)
  }
  if (way.kind === 'ssh') {
    return modemOf({ host: way.host, port: 80, protocol: 'http' }, createSshAgent(way, text))
  }
  const { host, port, tls } = way
  const name = host.includes(':') ? `[${host}]` : host
  if (tls === null) return modemOf({ host: name, port, protocol: 'http' }, null)
  const { verify, ...certificates } = tls
  const agent = new HttpsAgent({ keepAlive: true, ...certificates, rejectUnauthorized: verify })
  return modemOf({ host: name, port, protocol: 'https' }, agent)
}

type Modem = { dial(options: DialOptions, callback: unknown): void }
type DialOptions = { abortSignal?: AbortSignal }
/** `agent`: of a connection that is not Node's own. */
type Connection = { modem: Modem; agent: Agent | null }

const modemOf = (options: DockerClient.DockerOptions, agent: Agent | null): Connection => {
  const { modem }: { modem: Modem } = new Docker(options)
  return { modem, agent }
}

/**
 * A client for one call: its requests end with the signal (the caller's own is kept), and an answer
 * that is cut in the middle fails the call, of which the client itself says nothing.
 */
const clientFor = (
  { modem, agent }: Connection,
  signal: AbortSignal,
  onCut: (error: Error) => void,
): DockerClient => {
  const own = Object.create(modem, {
    agent: { value: watching(agent ?? globalAgent, onCut) },
    dial: {
      value: (options: DialOptions, callback: unknown) => {
        const given = options.abortSignal
        const abortSignal = given === undefined ? signal : AbortSignal.any([given, signal])
        modem.dial.call(own, { ...options, abortSignal }, callback)
      },
    },
  }) as Modem
  const options: DockerClient.DockerOptions & { modem: Modem } = { modem: own }
  return new Docker(options)
}

type RequestTaker = { addRequest(request: ClientRequest, ...rest: unknown[]): void }

/**
 * The agent, with an eye on the answers to the requests it is given. It prints itself as a word:
 * docker-modem 5 prints the options of every request in full depth, whether anybody debugs it or
 * not, and an agent holds every socket and buffer of the process (100 ms of processor per call).
 */
const watching = (agent: Agent, onCut: (error: Error) => void): Agent =>
  Object.create(agent, {
    [inspect.custom]: { value: () => 'Agent' },
    addRequest: {
      value: (request: ClientRequest, ...rest: unknown[]) => {
        request.once('response', (response) => response.once('error', onCut))
        const taker = agent as unknown as RequestTaker
        taker.addRequest(request, ...rest)
      },
    },
  }) as Agent

const unreachable = new Set([
  ...['ECONNREFUSED', 'ENOENT', 'EACCES', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EPROTO', 'CERT_HAS_EXPIRED'],
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN'],
  ...['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
])

const translate = (error: unknown, what: string, address: string): unknown => {
  if (error instanceof AppError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const cut = /socket hang up|premature close|^aborted$/i.test(messageOf(error))
  if (unreachable.has(code) || /^ERR_(TLS|SSL)_/.test(code) || cut) {
    const message = `No Docker Engine answers at ${address} (${code || 'connection lost'})`
    return new AppError('engine_unavailable', { message }, { cause: error })
  }
  const message = `The Docker Engine refused to ${what}: ${reasonOf(error)}`
  if (/no space left on device/i.test(message)) {
    return new AppError('disk_full', { message }, { cause: error })
  }
  return new AppError('engine_failed', { message }, { cause: error })
}

/** The HTTP status of an error of the engine. */
export const statusOf = (error: unknown): number | undefined =>
  error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : undefined

/** Did a call fail because the engine answered with one of these? */
export const answeredWith = (error: unknown, ...statuses: readonly number[]): boolean =>
  error instanceof AppError && statuses.includes(statusOf(error.cause) ?? 0)

/** What the engine itself said, without the wrapping of the client. */
export const reasonOf = (error: unknown): string => {
  if (error instanceof Error && 'json' in error) {
    const { json } = error
    if (typeof json === 'object' && json !== null && 'message' in json) return String(json.message)
  }
  return messageOf(error)
}
