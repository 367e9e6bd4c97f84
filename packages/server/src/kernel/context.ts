import type { Clock } from './clock.ts'
import type { Env } from './env.ts'
import type { Target } from './lifecycle.ts'
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

/** Where the page and the API are. */
export const publicUrlOf = (env: Env): string =>
  `http://${env.host.includes(':') ? `[${env.host}]` : env.host}:${env.port}`

/** Where the gateway's public port is. */
export const gatewayUrlOf = (env: Env): string => `http://127.0.0.1:${env.gatewayPort}`
