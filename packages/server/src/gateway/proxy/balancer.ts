import type { Flight } from './flights.ts'
import type { Origin } from './origin.ts'

/** An instance as one route or edge reaches it. */
export type Endpoint = {
  instance: string
  origin: Origin
  healthy: boolean
  draining: boolean
  flight: Flight
}

/**
 * The instances of one route or edge, and whose turn it is. All snapshots share it, so that a
 * request whose body came in slowly, or that is sent again, goes where the newest one says: what
 * drained while it waited may be gone.
 */
export class Balancer {
  private endpoints: readonly Endpoint[] = []
  /** Who is asked first, and who only when all of those refuse; the last holds everybody. */
  private circles: readonly (readonly Endpoint[])[] = []
  private cursor = 0

  get size(): number {
    return this.endpoints.length
  }

  replace(endpoints: readonly Endpoint[]): void {
    this.endpoints = endpoints
    const healthy = endpoints.filter((endpoint) => endpoint.healthy)
    const staying = healthy.filter((endpoint) => !endpoint.draining)
    // Nobody healthy: rather try all than refuse all, the verdicts may be wrong.
    this.circles = [staying, healthy, endpoints].filter(
      (circle, at, all) => circle.length > (all[at - 1]?.length ?? 0),
    )
  }

  /**
   * The next endpoint in turn that accepts connections and was not tried. When all of them
   * refuse, any that was not tried; undefined when all were.
   */
  pick(nowMs: number, tried: readonly Endpoint[]): Endpoint | undefined {
    for (const circle of this.circles) {
      for (let step = 0; step < circle.length; step += 1) {
        const endpoint = this.next(circle)
        if (endpoint !== undefined && isFree(endpoint, nowMs, tried)) return endpoint
      }
    }
    for (let step = 0; step < this.endpoints.length; step += 1) {
      const endpoint = this.next(this.endpoints)
      if (endpoint !== undefined && !isAmong(tried, endpoint)) return endpoint
    }
    return undefined
  }

  hasUntried(tried: readonly Endpoint[]): boolean {
    return this.endpoints.some((endpoint) => !isAmong(tried, endpoint))
  }

  /** Whether one is left that is meant to be used: healthy, staying and accepting connections. */
  hasGood(nowMs: number, tried: readonly Endpoint[]): boolean {
    return this.endpoints.some(
      (endpoint) => endpoint.healthy && !endpoint.draining && isFree(endpoint, nowMs, tried),
    )
  }

  private next(among: readonly Endpoint[]): Endpoint | undefined {
    this.cursor = (this.cursor + 1) % among.length
    return among[this.cursor]
  }
}

const isFree = (endpoint: Endpoint, nowMs: number, tried: readonly Endpoint[]): boolean =>
  endpoint.origin.isAnswering(nowMs) && !isAmong(tried, endpoint)

/** By origin, which outlives snapshots as the endpoint does not. */
const isAmong = (tried: readonly Endpoint[], { origin }: Endpoint): boolean =>
  tried.some((endpoint) => endpoint.origin === origin)
