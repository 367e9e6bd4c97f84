import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import type { System } from '@keelson/contract'
import type { Check } from './check.ts'
import type { Context } from '../context.ts'
import { webIndex } from '../paths.ts'

type Environment = Context['env']
const answerTimeoutMs = 2000

/** What the running platform says, else whether the server behind DATABASE_URL takes a connection. */
export const checkDatabase = async (
  env: Environment,
  system: System | undefined,
): Promise<Check> => {
  const name = 'database'
  if (system !== undefined) {
    const { kind, version } = system.database
    return { name, state: 'ok', detail: `${kind} PostgreSQL ${version}` }
  }
  const url = env['DATABASE_URL']
  if (url === undefined || url === '') {
    return { name, state: 'skipped', detail: 'embedded; it starts with Keelson' }
  }
  if (!URL.canParse(url)) {
    const hint = 'postgres://user@host:5432/name'
    return { name, state: 'failed', detail: 'DATABASE_URL is not a URL', hint }
  }
  // Only host and port are shown: the rest may be a password.
  const { hostname, port } = new URL(url)
  const address = `${hostname}:${port || '5432'}`
  const fault = await tryConnect(hostname, Number(port || 5432))
  if (fault === undefined) return { name, state: 'ok', detail: `${address} takes connections` }
  const hint = 'Start that PostgreSQL, correct DATABASE_URL, or unset it for the embedded one'
  return { name, state: 'failed', detail: `${address} cannot be reached: ${fault}`, hint }
}

const tryConnect = async (host: string, port: number): Promise<string | undefined> => {
  const socket = connect({ host, port })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(answerTimeoutMs) })
    return undefined
  } catch (error) {
    return messageOf(error)
  } finally {
    socket.destroy()
  }
}

/** Optional: without one, services run as processes. */
export const checkEngine = async (env: Environment): Promise<Check> => {
  const name = 'docker engine'
  const host = env['DOCKER_HOST'] || 'unix:///var/run/docker.sock'
  const target = engineTarget(host)
  if (target === undefined) {
    return { name, state: 'skipped', detail: `${host} is not looked at from here` }
  }
  try {
    const version = await askEngine(target)
    return { name, state: 'ok', detail: `${version} at ${host}` }
  } catch (error) {
    const hint = 'systemctl start docker, set DOCKER_HOST, or run services as processes'
    const detail = `none at ${host} (${messageOf(error)}); only processes can run`
    return { name, state: 'skipped', detail, hint }
  }
}

type EngineTarget = { socketPath: string } | { host: string; port: number }

const engineTarget = (host: string): EngineTarget | undefined => {
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length) }
  if (!host.startsWith('tcp://') || !URL.canParse(host)) return undefined
  const { hostname, port } = new URL(host)
  return { host: hostname, port: Number(port || 2375) }
}

const askEngine = async (target: EngineTarget): Promise<string> => {
  const signal = AbortSignal.timeout(answerTimeoutMs)
  const call = request({ ...target, path: '/version', signal })
  call.end()
  const [answer] = (await once(call, 'response')) as [AsyncIterable<Buffer>]
  const parts: Buffer[] = []
  for await (const part of answer) parts.push(part)
  const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'))
  const version = typeof body === 'object' && body !== null && 'Version' in body ? body.Version : ''
  if (typeof version !== 'string' || version === '') throw new Error('it does not say its version')
  return version
}

export const checkPage = async (): Promise<Check> => {
  const name = 'page'
  try {
    const { mtime } = await stat(webIndex)
    return {
      name,
      state: 'ok',
      detail: `built ${mtime.toISOString().slice(0, 16).replace('T', ' ')}`,
    }
  } catch {
    return { name, state: 'failed', detail: 'the page is not built', hint: 'npm run build' }
  }
}

const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'no answer'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
