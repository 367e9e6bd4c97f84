import type { DependencyCondition, StartTimeline } from '@keelson/contract'

type Span = StartTimeline['spans'][number]

/**
 * Services of the longest chain of a start, first to last: from the instance that was ready last,
 * back over whatever it waited for longest. What was there before the wait began made nobody wait,
 * so the chain ends there. Empty while nothing is ready.
 */
export const criticalPath = (spans: readonly Span[]): string[] => {
  const path: string[] = []
  const walked = new Set<Span>()
  let span = latest(spans, ({ readyAt }) => readyAt)
  while (span !== undefined && !walked.has(span)) {
    walked.add(span)
    if (path[0] !== span.service) path.unshift(span.service)
    span = waitedFor(span, spans)
  }
  return path
}

/** The instance whose progress ended the longest wait of another. */
const waitedFor = (span: Span, spans: readonly Span[]): Span | undefined => {
  const real = span.waits.filter(({ to }) => to !== null && to > span.from)
  const last = latest(real, ({ to }) => to)
  if (last === undefined) return undefined
  const siblings = spans.filter(({ service }) => service === last.service)
  return latest(siblings, (each) => satisfiedAt(each, last.condition))
}

/** When an instance was as far as those that depend on it ask. */
const satisfiedAt = (span: Span, condition: DependencyCondition): string | null =>
  condition === 'service_started' ? span.startedAt : span.readyAt

/** The one with the latest time; of equal ones the first. Times are RFC 3339 in UTC. */
const latest = <T>(all: readonly T[], timeOf: (one: T) => string | null): T | undefined => {
  let found: { one: T; at: string } | undefined
  for (const one of all) {
    const at = timeOf(one)
    if (at !== null && (found === undefined || at > found.at)) found = { one, at }
  }
  return found?.one
}
