import type { DependencyCondition, StartTimeline } from '@keelson/contract'
import { formatSeconds } from '../ui/format.ts'

type Span = StartTimeline['spans'][number]

/** Times in milliseconds since the start began. */
export type StartRow = {
  instance: string
  label: string
  service: string
  fromMs: number
  startedMs: number | null
  readyMs: number | null
  /** Where its bar ends: ready, failed, or now. */
  endMs: number
  failure: string | null
  isCritical: boolean
  waits: StartWait[]
  /** The whole row in words. */
  sentence: string
}
export type StartWait = {
  service: string
  condition: DependencyCondition
  toMs: number | null
  /** Row of the instance that ended this wait; null when it was there before. */
  row: number | null
  isCritical: boolean
}
export type StartLayout = {
  totalMs: number
  ticksMs: number[]
  rows: StartRow[]
  /** `9.2 s: db 4.1 s → api 3.0 s → web 2.1 s`; empty while nothing is ready. */
  steps: { service: string; ms: number }[]
}

const ticksWanted = 6

/** Places of everything that the chart of a start draws. Pure; `nowMs` is the present. */
export const layOutStart = (timeline: StartTimeline, nowMs: number): StartLayout => {
  const zero = Date.parse(timeline.startedAt)
  const since = (at: string | null): number | null =>
    at === null ? null : Math.max(0, Date.parse(at) - zero)
  const endedMs = since(timeline.endedAt) ?? Math.max(0, nowMs - zero)
  const spans = timeline.spans.toSorted(
    (a, b) => order(a).localeCompare(order(b)) || a.instance.localeCompare(b.instance),
  )
  const chain = chainOf(timeline, spans)
  const rows = spans.map((span): StartRow => {
    const waits = span.waits.map(({ service, condition, to }): StartWait => {
      const wasWaitedFor = to !== null && to > span.from
      const culprit = wasWaitedFor ? furthest(spans, service, condition) : undefined
      return {
        service,
        condition,
        toMs: since(to),
        row: culprit === undefined ? null : spans.indexOf(culprit),
        isCritical: chain.some((link, at) => link === span && chain[at - 1] === culprit),
      }
    })
    const row = {
      instance: span.instance,
      label: labelOf(span, spans, timeline.stack),
      service: span.service,
      fromMs: since(span.from) ?? 0,
      startedMs: since(span.startedAt),
      readyMs: since(span.readyAt),
      endMs: since(span.readyAt) ?? endedMs,
      failure: span.failure,
      isCritical: chain.includes(span),
      waits,
    }
    return { ...row, sentence: sentenceOf(row) }
  })
  const totalMs = Math.max(1, endedMs, ...rows.map(({ endMs }) => endMs))
  return { totalMs, ticksMs: ticksOf(totalMs), rows, steps: stepsOf(chain, zero) }
}

/** Who began first stands first; those that still wait stand last. */
const order = ({ startedAt, readyAt }: Span): string => `${startedAt ?? '~'} ${readyAt ?? '~'}`

/** The instances of the critical path, first to last. */
const chainOf = ({ criticalPath }: StartTimeline, spans: readonly Span[]): Span[] => {
  const chain: Span[] = []
  for (const [at, service] of criticalPath.entries()) {
    const next = criticalPath[at + 1]
    const condition = conditionBetween(service, next, spans)
    const span = furthest(spans, service, condition)
    if (span !== undefined) chain.push(span)
  }
  return chain
}

const conditionBetween = (
  service: string,
  next: string | undefined,
  spans: readonly Span[],
): DependencyCondition => {
  const waits = spans.filter((span) => span.service === next).flatMap((span) => span.waits)
  return waits.find((wait) => wait.service === service)?.condition ?? 'service_healthy'
}

/** Of the instances of a service the one that was as far as is asked for last. */
const furthest = (
  spans: readonly Span[],
  service: string,
  condition: DependencyCondition,
): Span | undefined => {
  let found: Span | undefined
  for (const span of spans) {
    const at = timeFor(span, condition)
    if (span.service !== service || at === null) continue
    if (found === undefined || at > (timeFor(found, condition) ?? '')) found = span
  }
  return found
}

const timeFor = ({ startedAt, readyAt }: Span, condition: DependencyCondition): string | null =>
  condition === 'service_started' ? startedAt : readyAt

/** How much each link adds: from the end of the one before to its own. */
const stepsOf = (chain: readonly Span[], zero: number): StartLayout['steps'] => {
  let reached = zero
  return chain.map((span, at) => {
    const next = chain[at + 1]
    const wait = next?.waits.find(({ service }) => service === span.service)
    const end = Date.parse(wait?.to ?? span.readyAt ?? span.from)
    const ms = Math.max(0, end - reached)
    reached = Math.max(reached, end)
    return { service: span.service, ms }
  })
}

/** `api`, or `api 2` where there are several. */
const labelOf = (span: Span, spans: readonly Span[], stack: string): string => {
  const isAlone = spans.filter(({ service }) => service === span.service).length === 1
  if (isAlone) return span.service
  return `${span.service} ${span.instance.slice(`${stack}-${span.service}-`.length)}`
}

const sentenceOf = (row: Omit<StartRow, 'sentence'>): string => {
  const parts: string[] = []
  const real = row.waits.filter(({ toMs }) => toMs === null || toMs > row.fromMs)
  if (real.length > 0) {
    const names = real.map(({ service, toMs }) =>
      toMs === null ? `${service}, which never came` : `${service} until ${formatSeconds(toMs)}`,
    )
    parts.push(`waited for ${names.join(' and ')}`)
  }
  if (row.startedMs === null) parts.push(row.failure === null ? 'still waits' : 'did not start')
  else parts.push(`began at ${formatSeconds(row.startedMs)}`)
  if (row.readyMs !== null) {
    const took = formatSeconds(row.readyMs - (row.startedMs ?? row.fromMs))
    parts.push(`ready at ${formatSeconds(row.readyMs)}, after ${took}`)
  } else if (row.startedMs !== null && row.failure === null) parts.push('not ready yet')
  if (row.failure !== null) parts.push(row.failure)
  if (row.isCritical) parts.push('on the critical path')
  return `${row.label}: ${parts.join('; ')}`
}

const niceSteps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600]

/** Round times, about six of them. */
const ticksOf = (totalMs: number): number[] => {
  const wanted = totalMs / 1000 / ticksWanted
  const step = (niceSteps.find((nice) => nice >= wanted) ?? wanted) * 1000
  return Array.from({ length: Math.floor(totalMs / step) + 1 }, (_, index) => index * step)
}
