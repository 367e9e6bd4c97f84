import type { InstanceUsage, RuntimeKind, StackUsage } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { InstanceRef, RawUsage, Runtime } from '../runtime.ts'

type Deps = {
  runtimes: Record<RuntimeKind, Pick<Runtime, 'usage'>>
  keepers: ReadonlyMap<string, UsageKeeper>
  clock: Clock
}

/** What is asked of a keeper: which incarnation runs, and where. */
export type UsageKeeper = Pick<Keeper, 'id' | 'runtimeKind' | 'observed'>

type Raw = ReadonlyMap<string, RawUsage>
type Known = {
  /** Looks of one incarnation each, for the rate of the next. */
  seen: Map<string, { cpuMs: number; atMs: number }>
  askedAtMs: number
  isUnderWay: boolean
  answer: Promise<StackUsage>
}

/** However many ask, a stack is looked at no more often than this. */
const lookEveryMs = 1000
/** A Docker Engine that hangs hides its containers, not the processes beside them. */
const patienceMs = 2000
/** Nobody has asked for so long: the next rate would be one over a time that nobody looks at. */
const forgetMs = 60_000
const nothing: Raw = new Map()

/** What instances take, looked at only when somebody asks. */
export const createStackUsage = ({ runtimes, keepers, clock }: Deps) => {
  const stacks = new Map<string, Known>()
  const underWay = new Map<RuntimeKind, number>()

  /** What a runtime says; nothing when it fails, or while it still owes earlier answers. */
  const ask = async (kind: RuntimeKind, refs: readonly InstanceRef[]): Promise<Raw> => {
    const owed = underWay.get(kind) ?? 0
    if (refs.length === 0 || owed >= owedMax) return nothing
    underWay.set(kind, owed + 1)
    let timer = { cancel: () => {} }
    const late = new Promise<Raw>((resolve) => {
      timer = clock.setTimer(() => resolve(nothing), patienceMs)
    })
    const asked = runtimes[kind]
      .usage(refs)
      .catch(() => nothing)
      .finally(() => underWay.set(kind, (underWay.get(kind) ?? 1) - 1))
    const raw = await Promise.race([asked, late])
    timer.cancel()
    return raw
  }

  const look = async (stack: string, seen: Known['seen']): Promise<StackUsage> => {
    const mine = [...keepers.values()].filter(({ id }) => id.stack === stack)
    const refsOf = (kind: RuntimeKind): InstanceRef[] =>
      mine.flatMap(({ runtimeKind, observed }) =>
        runtimeKind === kind && observed?.running === true ? [observed] : [],
      )
    const [processes, containers] = await Promise.all([
      ask('process', refsOf('process')),
      ask('container', refsOf('container')),
    ])
    const atMs = clock.monotonicMs()
    const now = new Map<string, { cpuMs: number; atMs: number }>()
    const instances = mine.map((keeper): InstanceUsage => {
      const { id, observed } = keeper
      if (observed === null) return absent(id)
      const raw = rawOf(observed, processes) ?? rawOf(observed, containers)
      if (raw === undefined) return absent(id)
      const before = seen.get(observed.incarnation)
      now.set(observed.incarnation, { cpuMs: raw.cpuMs, atMs })
      const { memoryBytes, memoryLimitBytes, processes: count } = raw
      const cpuCores = before === undefined ? null : rateOf(before, raw.cpuMs, atMs)
      return { ...absent(id), cpuCores, memoryBytes, memoryLimitBytes, processes: count }
    })
    seen.clear()
    for (const [incarnation, one] of now) seen.set(incarnation, one)
    instances.sort((a, b) => a.instance.localeCompare(b.instance, 'en', { numeric: true }))
    return { at: clock.now().toISOString(), instances }
  }

  return {
    /** Of a stack that is known; all who ask within a second get the same look. */
    of(stack: string): Promise<StackUsage> {
      const known = stacks.get(stack)
      const nowMs = clock.monotonicMs()
      if (known?.isUnderWay === true) return known.answer
      if (known !== undefined && nowMs - known.askedAtMs < lookEveryMs) return known.answer
      for (const [name, { askedAtMs }] of stacks) {
        if (nowMs - askedAtMs > forgetMs) stacks.delete(name)
      }
      const seen: Known['seen'] = known?.seen ?? new Map()
      const next: Known = {
        seen,
        askedAtMs: nowMs,
        isUnderWay: true,
        answer: look(stack, seen).finally(() => (next.isUnderWay = false)),
      }
      stacks.set(stack, next)
      return next.answer
    },
  }
}

export type StackUsages = ReturnType<typeof createStackUsage>

/** Asked for and not answered yet, of one runtime: one that hangs is not asked for ever more. */
const owedMax = 8

const absent = ({ name, service }: Keeper['id']): InstanceUsage => ({
  instance: name,
  service,
  cpuCores: null,
  memoryBytes: null,
  memoryLimitBytes: null,
  processes: null,
})

/** Runtimes name what they found by its incarnation or by its name. */
const rawOf = ({ incarnation, name }: InstanceRef, found: Raw): RawUsage | undefined =>
  found.get(incarnation) ?? found.get(name)

const rateOf = (
  before: { cpuMs: number; atMs: number },
  cpuMs: number,
  atMs: number,
): number | null => {
  const passedMs = atMs - before.atMs
  if (passedMs <= 0) return null
  return Math.max(0, (cpuMs - before.cpuMs) / passedMs)
}
