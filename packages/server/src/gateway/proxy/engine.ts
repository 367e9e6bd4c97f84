import type { Clock } from '../../kernel/clock.ts'
import { createDoor, type Door } from './door.ts'
import { Exchange } from './exchange.ts'
import type { ExchangeHost, RunUnderWay, UnderWay } from './exchange-parts.ts'
import type { Launcher } from './launcher.ts'
import { mirrorCopy } from './mirror-copy.ts'
import { createRequestIds } from './request-id.ts'
import type { Table } from './table.ts'
import { Tunnel, type TunnelHost } from './tunnel.ts'
import { UnderWaySet } from './under-way.ts'

export { healthPath, type Door } from './door.ts'

export type EngineDeps = {
  table: Table
  nowMs: () => number
  clock: Clock
  newId: () => string
  /** Whether X-Forwarded-* of this peer are believed at the public door. */
  isTrusted: (address: string) => boolean
  warn: (facts: object, message: string) => void
}

/** Takes requests from fronts to targets; knows what is under way. */
export const createEngine = (deps: EngineDeps) => {
  const { table: firstTable, nowMs, clock, newId, isTrusted, warn } = deps
  let table = firstTable
  let closing = false
  const newKongId = createRequestIds()
  const exchanges = new UnderWaySet<UnderWay>()
  const tunnels = new Set<Tunnel>()
  /** Requests that are among their plugins, whether or not they are on their way to a service. */
  const runs = new UnderWaySet<RunUnderWay>()
  let onIdle: (() => void) | undefined

  const checkIdle = () => {
    if (onIdle === undefined) return
    if (exchanges.size === 0 && tunnels.size === 0 && runs.size === 0) onIdle()
  }
  const tunnelHost: TunnelHost = {
    nowMs,
    warn,
    onFinish: (tunnel) => {
      tunnels.delete(tunnel)
      checkIdle()
    },
  }

  const launcherFor = (host: ExchangeHost): Launcher => ({
    host,
    clock,
    exchange: (parts) => new Exchange(host, parts).begin(),
    tunnel: (parts) => {
      const tunnel = new Tunnel(tunnelHost, parts)
      tunnels.add(tunnel)
      tunnel.begin()
    },
    onBegin: (run) => runs.add(run),
    onFinish: (run) => {
      runs.delete(run)
      checkIdle()
    },
  })

  return {
    /** `edgePort` null is the public door. */
    createDoor: (edgePort: number | null): Door => {
      let doorClosing = false
      const host: ExchangeHost = {
        clock,
        nowMs,
        warn,
        isClosing: () => closing || doorClosing,
        onBegin: (exchange) => exchanges.add(exchange),
        onFinish: (exchange) => {
          exchanges.delete(exchange)
          checkIdle()
        },
        mirror: (parts, body) => {
          const copy = mirrorCopy(parts, body, nowMs())
          if (copy !== null) new Exchange(host, copy).begin()
        },
      }
      const beginClose = (): void => {
        doorClosing = true
      }
      const launcher = launcherFor(host)
      const ids = { newId, newKongId }
      return createDoor({ edgePort, table: () => table, launcher, ...ids, isTrusted, beginClose })
    },

    /** From now on, requests go by this table. */
    use: (next: Table) => {
      table = next
    },

    sweep(): void {
      const now = nowMs()
      for (const exchange of exchanges) exchange.expire(now)
      for (const tunnel of tunnels) tunnel.expire(now)
    },

    beginClose(): void {
      closing = true
    },

    /** Resolves when nothing is under way, or after the grace. */
    drained: (graceMs: number) =>
      new Promise<void>((resolve) => {
        const timer = clock.setTimer(resolve, graceMs)
        onIdle = () => {
          timer.cancel()
          // The last answer is on its way out: let it go before connections are cut.
          setImmediate(resolve)
        }
        checkIdle()
      }),

    cutAll(): void {
      for (const exchange of exchanges) exchange.cut()
      for (const tunnel of tunnels) tunnel.cut()
      for (const run of runs) run.cut()
    },
  }
}
