import type { Drift, ServiceSpec, StackSpec } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import { messageOf } from '../../kernel/errors.ts'
import type { Events } from '../../kernel/events.ts'
import type { Log } from '../../kernel/log.ts'
import {
  alteredDrift,
  driftKey,
  extraDrift,
  instanceDrift,
  sourceDrift,
  surroundingDrift,
  type Finding,
  type SeenInstance,
} from './drift.ts'
import type { KnownStack, KnownStacks } from '../known-stacks.ts'
import type { Adoption } from '../plan/adoption.ts'
import type { ContentReader } from '../plan/content.ts'
import type { Definitions } from '../plan/definitions.ts'
import type { Part } from '../plan/parts.ts'
import type { Surroundings } from '../plan/surroundings.ts'
import { deleteDrift, selectDrift, upsertDrift } from '../store.ts'
import type { Timers } from '../timers.ts'

type DriftDeps = {
  db: Db
  events: Events
  clock: Clock
  log: Log
  stacks: KnownStacks
  definitions: Definitions
  surroundings: Surroundings
  content: ContentReader
  adoption: Adoption
  timers: Timers
  /** The instances of a service, and whether something is on its way with them. */
  instancesOf: (known: KnownStack, spec: ServiceSpec) => readonly SeenInstance[]
  /** What was changed about its running containers, by instance. */
  alteredOf: (known: KnownStack, spec: ServiceSpec) => Promise<ReadonlyMap<string, string[]>>
  /** Who stopped a service until it is started again; null when nobody did. */
  stoppedBy: (stack: string, service: string) => string | null
  /** Who asked for another number of instances than the file; null when nobody did. */
  scaledBy: (stack: string, spec: ServiceSpec) => { replicas: number; by: string } | null
}

const lookEveryMs = 5000
/** After a start of Keelson: what it found has to be taken up first. */
const firstLookMs = 1000
/** The engine and whole project folders are asked with every so many looks. */
const thoroughEvery = 6
/** Changes come in swarms: one look for all of them. */
const soonMs = 300

type Announced = Map<string, Drift>
export type DriftWatch = Awaited<ReturnType<typeof openDriftWatch>>

/**
 * Looks now and then at what has come to differ from what was applied, and says so once. It mends
 * nothing: `keelson up` does, because its plan sees the same.
 */
export const openDriftWatch = async (deps: DriftDeps) => {
  const { db, events, clock, log, stacks, definitions, surroundings, timers } = deps
  const announced = new Map<string, Announced>()
  for (const { stack, key, drift } of await selectDrift(db)) {
    announced.set(stack, (announced.get(stack) ?? new Map<string, Drift>()).set(key, drift))
  }
  /** Of the last thorough look: repeated until the next one. */
  const thorough = new Map<string, readonly Finding[]>()
  const checkedAt = new Map<string, Date>()
  const soon = new Set<string>()
  const looking = new Set<string>()
  let looks = 0

  const sourcesNow = async (stack: StackSpec) => {
    const now = new Map<string, { sha256: string | null }>()
    for (const { path } of stack.sources) {
      // One that may not be read any more says nothing about its content.
      const sha256 = await deps.content.sha256(path).catch(() => undefined)
      if (sha256 !== undefined) now.set(path, { sha256 })
    }
    return now
  }

  const appliedTo = (stack: StackSpec, { name }: ServiceSpec): readonly Part[] =>
    definitions.current(stack.name, name)?.parts ?? []

  const quickLook = async (known: KnownStack): Promise<Finding[]> => {
    const { spec: stack } = known
    const found = sourceDrift(stack, await sourcesNow(stack))
    for (const spec of stack.services) {
      const files = await surroundings.filesNow(spec)
      const applied = appliedTo(stack, spec)
      const mounted = applied.filter(({ about, path }) => about === 'content' && path !== 'build')
      found.push(...surroundingDrift(stack, spec, mounted, files))
      const current = definitions.current(stack.name, spec.name)
      if (current === undefined || known.late.has(spec.name)) continue
      const instances = deps.instancesOf(known, spec)
      const stoppedBy = deps.stoppedBy(stack.name, spec.name)
      const scaled = deps.scaledBy(stack.name, spec)
      const { digest } = current
      found.push(...instanceDrift(stack, spec, { digest, instances, stoppedBy, scaled }))
    }
    return found
  }

  const thoroughLook = async (known: KnownStack): Promise<Finding[]> => {
    const { spec: stack } = known
    const containers = stack.services.filter(({ runtime }) => runtime === 'container')
    if (containers.length === 0) return []
    const found = extraDrift(stack, await deps.adoption.extras(stack))
    for (const spec of containers) {
      const now = await surroundings.imagesNow(stack, spec)
      found.push(...surroundingDrift(stack, spec, appliedTo(stack, spec), now))
      for (const [name, paths] of await deps.alteredOf(known, spec))
        found.push(...alteredDrift(spec.name, name, paths))
    }
    return found
  }

  const look = async (known: KnownStack, isThorough: boolean): Promise<void> => {
    const { name } = known.spec
    if (known.builtIn || stacks.isApplying(name)) return
    if (isThorough) thorough.set(name, await thoroughLook(known))
    const earlier = (thorough.get(name) ?? []).filter(
      ({ kind, instance }) => kind !== 'instance_altered' || known.keepers.has(instance ?? ''),
    )
    const found = [...(await quickLook(known)), ...earlier]
    // Applied or removed meanwhile: what was seen is of another stack.
    if (stacks.find(name) !== known || stacks.isApplying(name)) return
    await announce(name, found)
    checkedAt.set(name, clock.now())
  }

  const announce = async (stack: string, found: readonly Finding[]): Promise<void> => {
    const before = announced.get(stack) ?? new Map<string, Drift>()
    const since = clock.now().toISOString()
    const now: Announced = new Map(
      found.map((one) => {
        const key = driftKey(one)
        return [key, { ...one, since: before.get(key)?.since ?? since }]
      }),
    )
    const isNew = (key: string): boolean => !before.has(key)
    const changed = [...now].filter(([key, { text }]) => before.get(key)?.text !== text)
    const mended = [...before].filter(([key]) => !now.has(key))
    if (changed.length + mended.length === 0) return
    await db.transaction(async (tx) => {
      for (const [key, drift] of changed) {
        await upsertDrift(tx, stack, key, drift)
        if (isNew(key)) await events.publish(tx, eventOf('stack.drifted', stack, drift))
      }
      for (const [key, drift] of mended) {
        await deleteDrift(tx, stack, key)
        await events.publish(tx, eventOf('stack.mended', stack, drift))
      }
    })
    announced.set(stack, now)
  }

  /** One look at a stack at a time; an engine that hangs holds up the looks at its stack alone. */
  const tryLook = async (known: KnownStack, isThorough: boolean): Promise<void> => {
    const { name } = known.spec
    if (timers.closed || looking.has(name)) return
    looking.add(name)
    try {
      await look(known, isThorough)
    } catch (error) {
      log.debug({ stack: name, reason: messageOf(error) }, 'drift cannot be seen now')
    } finally {
      looking.delete(name)
    }
  }

  const lookAtAll = (): void => {
    const isThorough = looks % thoroughEvery === 0
    looks += 1
    for (const known of stacks.all()) void tryLook(known, isThorough)
    timers.later(lookEveryMs, lookAtAll)
  }

  const lookSoon = (stack: string): void => {
    if (soon.has(stack)) return
    soon.add(stack)
    timers.later(soonMs, () => {
      soon.delete(stack)
      const known = stacks.find(stack)
      // One under way may have seen what was before.
      if (looking.has(stack)) lookSoon(stack)
      else if (known !== undefined) void tryLook(known, !thorough.has(stack))
    })
  }

  return {
    /** Looks from now on, again and again. */
    start: (): void => timers.later(firstLookMs, lookAtAll),
    /** Something about a stack has changed. */
    lookSoon,
    /** It was applied: what the engine said of it before is old. */
    lookAnew(stack: string): void {
      thorough.delete(stack)
      lookSoon(stack)
    },
    of: (stack: string): Drift[] => [...(announced.get(stack)?.values() ?? [])],
    checkedAt: (stack: string): Date | undefined => checkedAt.get(stack),
    forget(stack: string): void {
      for (const map of [announced, thorough, checkedAt]) map.delete(stack)
    },
  }
}

const eventOf = <T extends 'stack.drifted' | 'stack.mended'>(
  type: T,
  stack: string,
  { kind, service, text }: Drift,
) => ({
  type,
  subject: service === null ? stack : `${stack}/${service}`,
  payload: { stack, kind, text, ...(service === null ? {} : { service }) },
})
