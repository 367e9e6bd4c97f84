import type { Clock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Health } from '../health/index.ts'
import type { Registry } from '../registry/index.ts'
import { createPatience, type Patience, type PatienceOptions } from './patience.ts'
import type { Published, Publisher } from './publisher.ts'
import { deleteNode, selectApplied, type AppliedRow } from './store.ts'

type DrainDeps = {
  publisher: Publisher
  registry: Registry
  health: Health
  db: Db
  clock: Clock
  log: Log
}

/** What gateways still owe: how many have not applied the snapshot, and what is under way. */
type Owed = { behind: number; inFlight: number }

export type Drained = { drained: boolean; inFlight: number }

export type Drain = ReturnType<typeof createDrain>

/**
 * Says when the gateways have taken notice: what an update has to wait for between "it is healthy"
 * and "the old one may go". A gateway speaks at once when it has applied a snapshot or the last
 * request to a draining instance has ended, and every half second while one is under way
 * (node.ts); one that owes an answer and has been silent for 2 s is dead or frozen, and no longer
 * waited for.
 */
export const createDrain = (deps: DrainDeps) => {
  const { publisher, registry, health, clock } = deps
  const stopping = new AbortController()
  const patience = (options: PatienceOptions): Patience =>
    createPatience(clock, options, stopping.signal)

  const isRouted = (name: string, { content }: Published): boolean => {
    const endpoint = Object.values(content.services)
      .flatMap(({ endpoints }) => endpoints)
      .find(({ instance }) => instance === name)
    if (endpoint !== undefined) return endpoint.healthy && !endpoint.draining
    // A worker without a port is never in a snapshot, and misses nothing.
    const instance = registry.findInstance(name)
    const hasPort = instance?.ports.some(({ protocol }) => protocol === 'tcp') ?? true
    return !hasPort && instance?.phase === 'running' && health.instance(name)?.state === 'healthy'
  }

  /** A snapshot in which all of them are routed to; undefined when there is none in time. */
  const publishedWith = async (
    instances: readonly string[],
    waits: Patience,
  ): Promise<Published | undefined> => {
    while (!waits.isOver) {
      const published = await waits.for(publisher.current())
      if (published === undefined) break
      if (instances.every((name) => isRouted(name, published))) return published
      await waits.pause()
    }
    return undefined
  }

  return {
    /**
     * Resolves once every living gateway has been told that these instances drain (see
     * `Registry.setDraining`, which comes first) and nothing is under way to them any more: they
     * can be stopped, and nobody notices. When the time is up or the signal comes, `drained` is
     * false and `inFlight` what was under way last. False at once when one of them takes requests
     * (again). Never throws: without the database it waits for it until the time is up.
     */
    async drained(instances: readonly string[], options: PatienceOptions): Promise<Drained> {
      using waits = patience(options)
      let inFlight = 0
      const takesRequests = (): boolean =>
        instances.some((name) => registry.findInstance(name)?.draining === false)
      if (takesRequests()) return { drained: false, inFlight }
      const published = await waits.for(publisher.current())
      if (published === undefined) return { drained: false, inFlight }
      const look = createLook(deps, published.revision, instances)
      while (!waits.isOver && !takesRequests()) {
        const owed = await waits.for(look())
        if (owed !== undefined) {
          inFlight = owed.inFlight
          if (owed.behind === 0 && inFlight === 0) return { drained: true, inFlight }
        }
        await waits.pause()
      }
      return { drained: false, inFlight }
    },

    /**
     * Resolves true once every living gateway sends requests to these instances: all of them are
     * healthy, and in the snapshot it has applied. False when the time is up or the signal comes.
     */
    async routedTo(instances: readonly string[], options: PatienceOptions): Promise<boolean> {
      using waits = patience(options)
      const published = await publishedWith(instances, waits)
      if (published === undefined) return false
      const look = createLook(deps, published.revision, [])
      while (!waits.isOver) {
        if ((await waits.for(look()))?.behind === 0) return true
        await waits.pause()
      }
      return false
    },

    /** Lets go of everybody who waits. */
    stop: (): void => stopping.abort(),
  }
}

/** Longer than any pause between two words of a living gateway that owes something. */
const silenceMs = 2000

/** Looks, as often as asked, what the gateways owe; undefined when the database does not say. */
const createLook = (
  { db, clock, log }: Pick<DrainDeps, 'db' | 'clock' | 'log'>,
  revision: number,
  instances: readonly string[],
): (() => Promise<Owed | undefined>) => {
  /** Last words by gateway, and when they were new to us: clocks on the wall may jump. */
  const heard = new Map<string, { spokeAt: number; atMs: number }>()

  const isSilent = ({ id, updatedAt }: AppliedRow): boolean => {
    const nowMs = clock.monotonicMs()
    const last = heard.get(id)
    if (last?.spokeAt === updatedAt.getTime()) return nowMs - last.atMs >= silenceMs
    heard.set(id, { spokeAt: updatedAt.getTime(), atMs: nowMs })
    return false
  }

  const owedBy = async (node: AppliedRow): Promise<Owed> => {
    const behind = node.revision < revision ? 1 : 0
    const inFlight = instances.reduce((sum, name) => sum + (node.inFlight[name] ?? 0), 0)
    if (behind + inFlight === 0 || !isSilent(node)) return { behind, inFlight }
    log.warn({ gateway: node.id }, 'gateway is silent, nobody waits for it any more')
    await deleteNode(db, { id: node.id, lastSpoke: node.updatedAt })
    return { behind: 0, inFlight: 0 }
  }

  return async () => {
    try {
      const owed = await Promise.all((await selectApplied(db)).map(owedBy))
      return owed.reduce(
        (sum, one) => ({
          behind: sum.behind + one.behind,
          inFlight: sum.inFlight + one.inFlight,
        }),
        { behind: 0, inFlight: 0 },
      )
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'gateways could not be looked at')
      // Nobody could be heard: no silence of theirs.
      heard.clear()
      return undefined
    }
  }
}
