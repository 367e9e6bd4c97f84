import type { Colors } from '../output.ts'
import { clip, count, duration, oneLine, pad, widthOf } from '../text.ts'
import { markOf, paintProgress, wordOf } from './marks.ts'
import type { ServiceProgress } from './progress.ts'

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
export const spinnerPeriodMs = 100

const nameWidthMax = 28
const stateWidth = 9
/** Below this the reason is left out: a few letters of it say nothing. */
const reasonWidthMin = 8

export type FrameOptions = {
  services: readonly ServiceProgress[]
  stack: string
  /** Cells of the terminal. */
  columns: number
  lines: number
  /** Clock when `up` began, and now. */
  startedAt: number
  now: number
  colors: Colors
}

/**
 * What the terminal shows now: a head, a row per service, and what did not fit. No line is longer
 * than the terminal (a wrapped line would break the redrawing), and there are never more lines
 * than it has; services that are not up yet come before those that are.
 */
export const formatFrame = (options: FrameOptions): string[] => {
  const { services, columns, lines, now, startedAt } = options
  const room = Math.max(1, lines - 2)
  const shown = services.length <= room ? services : mostTelling(services, Math.max(1, room - 1))
  const nameWidth = Math.min(
    nameWidthMax,
    Math.max(...services.map(({ name }) => widthOf(name)), 0),
  )
  const spin = spinner[Math.floor((now - startedAt) / spinnerPeriodMs) % spinner.length] ?? ''
  const rows = shown.map((service) => formatRow(service, { ...options, nameWidth, spin }))
  return [formatHead(options), ...rows, ...formatRest(services, shown, options)].map((line) =>
    widthOf(line) <= columns - 1 ? line : clip(line, columns - 1),
  )
}

const formatHead = ({ services, stack, startedAt, now, colors }: FrameOptions): string => {
  const up = services.filter(({ outcome }) => outcome === 'healthy' || outcome === 'done').length
  const bad = services.some(({ outcome, state }) => outcome === 'failed' || state === 'unhealthy')
  const tally = `${up} of ${count(services.length, 'service')} up`
  const paint = up === services.length ? colors.green : bad ? colors.red : colors.cyan
  const last = services.reduce((at, { settledAt }) => Math.max(at, settledAt ?? now), startedAt)
  const end = up === services.length ? last : now
  return `${colors.bold(stack)}  ${paint(tally)}  ${colors.dim(duration(end - startedAt))}`
}

type RowOptions = FrameOptions & { nameWidth: number; spin: string }

const formatRow = (service: ServiceProgress, options: RowOptions): string => {
  const { columns, nameWidth, spin, colors, startedAt, now } = options
  const paint = paintProgress(service, colors)
  const isMoving = service.outcome === 'open' && service.state === 'starting'
  const mark = isMoving ? spin : markOf(service)
  const name = pad(clip(service.name, nameWidth), nameWidth)
  const word = pad(wordOf(service), stateWidth)
  const elapsed = elapsedOf(service, isMoving ? now : null, startedAt)
  const left = 2 + 2 + nameWidth + 2 + stateWidth
  const detail = [replicasOf(service), service.outcome === 'healthy' ? '' : oneLine(service.reason)]
  const room = columns - 1 - left - 2 - (elapsed === '' ? 0 : widthOf(elapsed) + 2)
  const reason = room < reasonWidthMin ? '' : clip(detail.filter(Boolean).join('  '), room)
  const tail = [reason, elapsed].filter((text) => text !== '')
  const line = `  ${paint(mark)} ${name}  ${paint(word)}`
  return tail.length === 0 ? line.trimEnd() : `${line}  ${colors.dim(tail.join('  '))}`
}

/** How long it took to come up. Of one that is in trouble later, the reason tells more. */
const elapsedOf = (
  { settledAt, outcome }: ServiceProgress,
  movingAt: number | null,
  startedAt: number,
): string => {
  if (outcome !== 'open' && settledAt !== null) return duration(settledAt - startedAt)
  return movingAt === null || settledAt !== null ? '' : duration(movingAt - startedAt)
}

const replicasOf = ({ instancesHealthy, instancesWanted }: ServiceProgress): string =>
  instancesWanted > 1 ? `${instancesHealthy}/${instancesWanted}` : ''

const weight = ({ outcome, state }: ServiceProgress): number => {
  if (outcome === 'failed' || state === 'unhealthy') return 0
  if (state === 'degraded' || state === 'unknown') return 1
  return outcome === 'open' ? 2 : 3
}

/** The rows to show when not all fit: the worst ones, in the order they always have. */
const mostTelling = (services: readonly ServiceProgress[], room: number) => {
  const kept = new Set(services.toSorted((a, b) => weight(a) - weight(b)).slice(0, room))
  return services.filter((service) => kept.has(service))
}

const formatRest = (
  services: readonly ServiceProgress[],
  shown: readonly ServiceProgress[],
  { colors }: FrameOptions,
): string[] => {
  if (services.length === shown.length) return []
  const hidden = services.filter((service) => !shown.includes(service))
  const byWord = Map.groupBy(hidden, wordOf)
  const parts = [...byWord].map(([word, list]) => `${list.length} ${word}`)
  return [colors.dim(`  … ${hidden.length} more (${parts.join(', ')})`)]
}
