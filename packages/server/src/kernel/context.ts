import type { Clock } from './clock.ts'
import type { Env } from './env.ts'
import type { Target } from './lifecycle.ts'
import { isLoopback } from './loopback.ts'
import type { Log } from './log.ts'

/** What a process knows before any module: given to all of them, needs nothing. */
export type Context = {
  env: Env
  log: Log
  clock: Clock
  version: string
  startedAt: Date
  target: Target
  /** The program that targets are started with. */
  mainFile: string
  /** Module by module, whether it is started; one entry that is false before any is. */
  readiness: () => ReadonlyMap<string, boolean>
  /** Ends the process; `keepStacks` leaves everything running for the next one to adopt. */
  stop: (options: { keepStacks: boolean }) => void
  keepsStacks: () => boolean
  /** Log lines of this process go there from now on; null: to standard output. */
  redirectLog: (to: ((line: string) => void) | null) => void
}

/** Where the command line, the gateway and probes of this machine find the platform, by plain HTTP. */
export const localHostOf = ({ host }: Pick<Env, 'host'>): string =>
  isLoopback(host) ? host : '127.0.0.1'

const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host)

export const localUrlOf = (env: Env): string => `http://${inUrl(localHostOf(env))}:${env.port}`

/** Where people reach the page: what links lead to, and what tokens say of who issued them. */
export const publicUrlOf = (env: Env): string => {
  const { publicUrl, tls, host } = env
  if (publicUrl !== undefined) return publicUrl
  return tls === undefined ? localUrlOf(env) : `https://${inUrl(host)}:${tls.port}`
}

/** The public URL where it is another one than the local one. */
export const outerUrlOf = (env: Env): string | undefined => {
  const url = publicUrlOf(env)
  return url === localUrlOf(env) ? undefined : url
}

/** All names that a request may be for, as a Host header says them. */
export const hostNamesOf = (env: Env): string[] => {
  const named = [new URL(publicUrlOf(env)).hostname, inUrl(env.host.toLowerCase())]
  return [...new Set(['localhost', '127.0.0.1', '[::1]', ...named])]
}

/** Where the gateway's public port is. */
export const gatewayUrlOf = (env: Env): string => `http://127.0.0.1:${env.gatewayPort}`
