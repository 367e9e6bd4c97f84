import type { GapHistoryPoint } from '@keelson/contract'

export type HistoryDot = { x: number; scoreY: number; point: GapHistoryPoint }
export type HistoryLayout = {
  dots: HistoryDot[]
  /** Paths of step lines: a value holds until the next audit. */
  score: string
  errors: string
  warnings: string
  /** Where each line ends and its name stands. */
  labels: { line: 'score' | 'errors' | 'warnings'; text: string; y: number }[]
  left: number
  right: number
  scoreAxis: { y: number; text: string }[]
  countAxis: { y: number; text: string }[]
  /** The first change and the present (null). */
  timeAxis: { x: number; at: string | null }[]
  height: number
}

const scoreTop = 14
const scoreHeight = 110
const countTop = 164
const countHeight = 56
const labelApart = 15

/** Places of everything that the chart of the history draws, in pixels. Pure; `nowMs` is the present. */
export const layOutHistory = (
  points: readonly GapHistoryPoint[],
  width: number,
  nowMs: number,
): HistoryLayout => {
  const left = 34
  const right = Math.max(left + 1, width - 92)
  const fromMs = Date.parse(points[0]?.at ?? '')
  const toMs = Math.max(nowMs, Date.parse(points.at(-1)?.at ?? ''), fromMs + 1)
  const xOf = (at: string) => left + ((Date.parse(at) - fromMs) / (toMs - fromMs)) * (right - left)
  const most = Math.max(1, ...points.flatMap(({ errors, warnings }) => [errors, warnings]))
  const scoreY = (score: number) => scoreTop + scoreHeight * (1 - score / 100)
  const countY = (count: number) => countTop + countHeight * (1 - count / most)
  const steps = (yOf: (point: GapHistoryPoint) => number): string => {
    const drawn = points.map((point, index) => {
      const [x, y] = [round(xOf(point.at)), round(yOf(point))]
      return index === 0 ? `M${x} ${y}` : `H${x}V${y}`
    })
    return `${drawn.join('')}H${round(right)}`
  }
  return {
    dots: points.map((point) => ({ x: xOf(point.at), scoreY: scoreY(point.score), point })),
    score: steps(({ score }) => scoreY(score)),
    errors: steps(({ errors }) => countY(errors)),
    warnings: steps(({ warnings }) => countY(warnings)),
    labels: labelsOf(points.at(-1), scoreY, countY),
    ...{ left, right, height: countTop + countHeight + 30 },
    timeAxis: [
      { x: left, at: points[0]?.at ?? null },
      { x: right, at: null },
    ],
    scoreAxis: [0, 50, 100].map((score) => ({ y: scoreY(score), text: String(score) })),
    countAxis: [0, most].map((count) => ({ y: countY(count), text: String(count) })),
  }
}

const round = (value: number): number => Math.round(value * 10) / 10

type Y = (value: number) => number

const labelsOf = (last: GapHistoryPoint | undefined, scoreY: Y, countY: Y) => {
  if (last === undefined) return []
  const { score, errors, warnings } = last
  const [errorsY, warningsY] = apart(countY(errors), countY(warnings), countTop + countHeight)
  return [
    { line: 'score' as const, text: `score ${score}`, y: scoreY(score) },
    { line: 'errors' as const, text: `${errors} error${errors === 1 ? '' : 's'}`, y: errorsY },
    {
      line: 'warnings' as const,
      text: `${warnings} warning${warnings === 1 ? '' : 's'}`,
      y: warningsY,
    },
  ]
}

/** Two names one above the other never overlap; neither leaves the chart below. */
const apart = (first: number, second: number, bottom: number): [number, number] => {
  if (Math.abs(first - second) >= labelApart) return [first, second]
  const lower = Math.min(bottom, (first + second + labelApart) / 2)
  return first <= second ? [lower - labelApart, lower] : [lower, lower - labelApart]
}

const numbers = [
  ...(['score', 'claimed', 'declared', 'built', 'running', 'accepted'] as const),
  ...(['errors', 'warnings', 'infos'] as const),
] as const

/** What changed with an audit that found nothing else: `running 2, before 3`. */
export const numbersMoved = (before: GapHistoryPoint, now: GapHistoryPoint): string[] =>
  numbers
    .filter((name) => before[name] !== now[name])
    .map((name) => {
      const said = name === 'infos' ? 'notes' : name
      return `${said} ${now[name] ?? 'not known'}, before ${before[name] ?? 'not known'}`
    })
