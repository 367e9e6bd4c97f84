import type { RuntimeKind, ServiceSpec } from '@keelson/contract'
import { AppError, messageOf } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Keeping } from './keeper/keeping.ts'
import type { KnownStack, KnownStacks } from './known-stacks.ts'
import type { Adoption } from './plan/adoption.ts'
import type { Places } from './places.ts'
import type { ObservedInstance, Runtime } from './runtime.ts'

/** What runs, or has ended, as the runtimes see it. */
export type Found = {
  processes: readonly ObservedInstance[]
  /** Ours, and those of Docker Compose that were taken over. Null without an engine. */
  containers: readonly ObservedInstance[] | null
  /** Those of them that a keeper has taken up. */
  claimed: Set<ObservedInstance>
}

type FindingDeps = {
  stacks: KnownStacks
  keeping: Keeping
  places: Pick<Places, 'existing' | 'specOf'>
  adoption: Adoption
  runtimes: Record<RuntimeKind, Runtime>
  log: Log
}

/** Looks at what runs, and hands it to keepers. */
export const createFinding = ({
  stacks,
  keeping,
  places,
  adoption,
  runtimes,
  log,
}: FindingDeps) => ({
  async observe(): Promise<Found> {
    const processes = await runtimes.process.observe()
    const claimed = new Set<ObservedInstance>()
    try {
      const containers = await runtimes.container.observe(adoption.projects())
      return { processes, containers: adoption.ours(containers), claimed }
    } catch (error) {
      // Down or sick, it is no reason not to run the rest; what it holds is taken up later.
      if (!(error instanceof AppError)) throw error
      return { processes, containers: null, claimed }
    }
  },

  /** Gives what was found of a service to its keepers; what is late is left as it runs. */
  adopt(known: KnownStack, spec: ServiceSpec, found: Found): void {
    // During an update of the runtime both are there.
    const candidates = [...found.processes, ...(found.containers ?? [])]
    for (const place of places.existing(known.spec.name, spec.name)) {
      const mine = newestOf(candidates, place.name)
      const phase = stacks.keepers.get(place.name)?.phase ?? 'stopped'
      if (mine === undefined || phase !== 'stopped') continue
      found.claimed.add(mine)
      const own = places.specOf(known.spec.name, spec.name, place.name) ?? spec
      keeping.adopt(known, own, place, mine)
    }
  },

  /** What nobody wants any more, or an earlier start of something that runs anew. */
  async endOrphan(orphan: ObservedInstance): Promise<void> {
    log.warn({ instance: orphan.name, running: orphan.running }, 'ending what no stack asks for')
    try {
      const runtime = runtimes[orphan.runtime]
      if (orphan.running) await runtime.stop(orphan, { signal: 'SIGTERM', graceMs: 10_000 })
      await runtime.remove(orphan)
    } catch (error) {
      log.error({ instance: orphan.name, reason: messageOf(error) }, 'orphan could not be ended')
    }
  },
})

export type Finding = ReturnType<typeof createFinding>

const newestOf = (found: readonly ObservedInstance[], name: string): ObservedInstance | undefined =>
  found
    .filter((one) => one.name === name)
    .sort(
      (a, b) =>
        Number(b.running) - Number(a.running) || b.startedAt.getTime() - a.startedAt.getTime(),
    )[0]
