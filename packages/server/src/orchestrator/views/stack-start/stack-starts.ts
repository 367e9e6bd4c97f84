import type { StartTimeline } from '@keelson/contract'
import type { Clock } from '../../../kernel/clock.ts'
import type { Db } from '../../../kernel/db.ts'
import type { Recorder } from '../../../kernel/recorder.ts'
import type { Health } from '../../../health/index.ts'
import type { RegisteredInstance, Registry } from '../../../registry/index.ts'
import { blockedBy } from '../../keeper/dependencies.ts'
import type { Timers } from '../../timers.ts'
import { criticalPath } from './critical-path.ts'
import { advanceSpan, beginSpan, isOver, type Sighting, type StartRecord } from './start-record.ts'
import { deleteStart, saveStart, selectStarts } from './store.ts'

type Deps = {
  db: Db
  recorder: Recorder
  registry: Registry
  health: Health
  clock: Clock
  timers: Timers
}

/** A stack was applied or taken up: its services are declared one after the other. */
type Declared = { at: Date; latest: Date }
type Kept = { record: StartRecord; declared: Declared | null }

/** What begins so long after a stack was declared has another cause. */
const declaredMs = 60_000
/** Declarations that follow each other so closely have one cause. */
const burstMs = 1000
const saveEveryMs = 1000
/** More instances than anybody reads as bars; the rest of such a start is not kept. */
const spansMax = 2000

/**
 * The last start of each stack: who waited for whom, and how long. A start comes of applying or
 * taking up a stack and lasts until everything in it is ready or has failed. What is merely adopted,
 * restarted by itself, or exchanged beside a sibling that serves, is none.
 */
export const openStackStarts = async ({ db, recorder, registry, health, clock, timers }: Deps) => {
  const declared = new Map<string, Declared>()
  const starts = new Map<string, Kept>()
  const unsaved = new Set<string>()
  for (const record of await selectStarts(db)) starts.set(record.stack, { record, declared: null })

  const sightingOf = (instance: RegisteredInstance): Sighting => {
    const stack = stackOf(instance.serviceId)
    const service = registry.findService(instance.serviceId)
    return {
      instance,
      healthy: health.instance(instance.name)?.state === 'healthy',
      isThere: (wait) => {
        const dependency = service?.spec.dependsOn.find(({ service: of }) => of === wait.service)
        if (service === undefined || dependency === undefined) return true
        const alone = { ...service.spec, dependsOn: [dependency] }
        return blockedBy(stack, alone, { registry, health }) === null
      },
    }
  }

  const save = (stack: string): void => {
    unsaved.delete(stack)
    const kept = starts.get(stack)
    if (kept !== undefined) recorder.record((tx) => saveStart(tx, kept.record))
  }

  const saveSoon = (stack: string): void => {
    if (unsaved.has(stack)) return
    unsaved.add(stack)
    timers.later(saveEveryMs, () => {
      if (unsaved.has(stack)) save(stack)
    })
  }

  const put = (kept: Kept): void => {
    const { stack, endedAt } = kept.record
    starts.set(stack, kept)
    if (endedAt === null) saveSoon(stack)
    else save(stack)
  }

  const declare = (stack: string): void => {
    const before = declared.get(stack)
    const now = clock.now()
    if (before !== undefined && now.getTime() - before.latest.getTime() < burstMs)
      before.latest = now
    else declared.set(stack, { at: now, latest: now })
  }

  /** The start that an instance which begins now is part of; null when it is part of none. */
  const startFor = (stack: string, instance: RegisteredInstance): Kept | null => {
    const known = starts.get(stack)
    const asked = declared.get(stack)
    const isFresh = asked !== undefined && clock.now().getTime() - asked.at.getTime() < declaredMs
    if (known !== undefined) {
      const { record } = known
      const span = record.spans.find(({ instance: name }) => name === instance.name)
      const isOpen = record.endedAt === null
      const isUnderWay =
        isOpen && record.spans.some(({ readyAt, failure }) => readyAt === null && failure === null)
      const isMember = isOpen && span !== undefined && span.readyAt === null
      const isSame = isFresh && known.declared === asked && span?.readyAt == null
      if (isUnderWay || (isMember && !isFresh)) return known
      if (isSame && !hasReadySibling(instance)) return known
      if (isFresh && known.declared === asked) return null
    }
    if (!isFresh || hasReadySibling(instance)) return null
    const startedAt = asked.at.toISOString()
    return { record: { stack, startedAt, endedAt: null, spans: [] }, declared: asked }
  }

  const hasReadySibling = ({ serviceId, name }: RegisteredInstance): boolean =>
    registry
      .instancesOf(serviceId)
      .some((other) => other.name !== name && health.instance(other.name)?.state === 'healthy')

  const begin = (stack: string, instance: RegisteredInstance): void => {
    const start = startFor(stack, instance)
    if (start === null) return
    const dependsOn = registry.findService(instance.serviceId)?.spec.dependsOn ?? []
    const others = start.record.spans.filter((span) => span.instance !== instance.name)
    if (others.length >= spansMax) return
    const spans = [...others, beginSpan(sightingOf(instance), dependsOn)]
    put({ ...start, record: { ...start.record, endedAt: null, spans } })
  }

  /** Looks what has become of a start that is still open. */
  const advance = (stack: string): void => {
    const kept = starts.get(stack)
    if (kept === undefined || kept.record.endedAt !== null) return
    const now = clock.now()
    let areAllOver = true
    const spans = kept.record.spans.flatMap((span) => {
      if (span.readyAt !== null) return [span]
      const instance = registry.findInstance(span.instance)
      if (instance === undefined) return []
      const next = advanceSpan(span, sightingOf(instance), now)
      if (!isOver(next, instance)) areAllOver = false
      return [next]
    })
    const endedAt = areAllOver ? now.toISOString() : null
    put({ ...kept, record: { ...kept.record, endedAt, spans } })
  }

  const forget = (stack: string): void => {
    const isDeclared = registry.services().some((service) => service.stack === stack)
    declared.delete(stack)
    if (isDeclared || !starts.delete(stack)) return
    unsaved.delete(stack)
    recorder.record((tx) => deleteStart(tx, stack))
  }

  registry.onChange((change) => {
    if (change.kind === 'service') return declare(change.service.stack)
    if (change.kind === 'service_removed') return forget(change.service.stack)
    const stack = stackOf(change.instance.serviceId)
    const { phase } = change.instance
    if (change.kind === 'instance' && phase === 'waiting' && change.before?.phase !== phase)
      begin(stack, change.instance)
    advance(stack)
  })
  health.onInstance(({ serviceId }) => advance(stackOf(serviceId)))

  return {
    /** Undefined when no start of the stack was seen: what runs of it was running before. */
    timeline(stack: string): StartTimeline | undefined {
      const record = starts.get(stack)?.record
      if (record === undefined) return undefined
      const spans = record.spans.toSorted(
        (a, b) => a.from.localeCompare(b.from) || a.instance.localeCompare(b.instance),
      )
      return { ...record, spans, criticalPath: criticalPath(spans) }
    },
  }
}

export type StackStarts = Awaited<ReturnType<typeof openStackStarts>>

const stackOf = (serviceId: string): string => serviceId.slice(0, serviceId.indexOf('/'))
