import type { StackSpec } from '@keelson/contract'
import type { Clock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import { leaseMs, type Registry } from '../registry/index.ts'
import type { DriftWatch } from './drift/watch.ts'
import type { Finding } from './finding.ts'
import type { KnownStacks } from './known-stacks.ts'
import { selectStacks } from './store.ts'
import type { TakeDown } from './take-down.ts'
import type { TakeUp } from './take-up.ts'
import type { Timers } from './timers.ts'

type BootDeps = {
  db: Db
  registry: Registry
  clock: Clock
  stacks: KnownStacks
  finding: Finding
  takeUp: TakeUp
  takeDown: TakeDown
  timers: Timers
  drift: Pick<DriftWatch, 'start'>
}

/** From one life of the control process to the next. */
export const createBoot = (deps: BootDeps) => {
  const { db, registry, clock, stacks, finding, takeUp, takeDown, timers } = deps
  const ownNames = new Set<string>()

  const renewLeases = (): void => {
    registry.renew([...stacks.keepers.keys(), ...ownNames])
    timers.later(leaseMs / 3, renewLeases)
  }

  /** Whom the registry remembers and nobody has seen must not pass for a dependency that is up. */
  const forgetInstances = (seen: ReadonlySet<string>): void => {
    for (const { name } of registry.instances())
      if (!seen.has(name) && !ownNames.has(name)) registry.remove(name)
  }

  /** A kill between the end of a stack and the registry's record of it leaves such services. */
  const withdrawUndeclared = (): void => {
    for (const { id } of registry.services()) {
      const own = registry.instancesOf(id).some(({ name }) => ownNames.has(name))
      if (!own && !stacks.isDeclared(id)) registry.withdraw(id)
    }
  }

  const start = async (own: StackSpec): Promise<void> => {
    renewLeases() // before anything is registered: what follows may take longer than a lease
    const found = await finding.observe()
    const all = [...found.processes, ...(found.containers ?? [])]
    forgetInstances(new Set(all.map(({ name }) => name)))
    const rows = await selectStacks(db)
    const ownHead = { spec: own, revision: 1, appliedAt: clock.now(), builtIn: true }
    await takeUp.takeUp(ownHead, found)
    for (const { spec, revision, applied_at: appliedAt, removing, removing_volumes } of rows) {
      const head = { spec, revision, appliedAt, builtIn: false }
      if (removing) takeDown.resume(head, found, { volumes: removing_volumes })
      else await takeUp.takeUp(head, found)
    }
    withdrawUndeclared()
    for (const orphan of all) if (!found.claimed.has(orphan)) void finding.endOrphan(orphan)
    stacks.completed()
    takeUp.retryLater()
    deps.drift.start()
  }

  return {
    /** Takes up what ran before: adopts what lives, answers what ended, starts what is missing. */
    start,
    /** Renews the leases of instances that something else supervises: Keelson's own process. */
    vouchFor: (name: string): void => void ownNames.add(name),
  }
}
