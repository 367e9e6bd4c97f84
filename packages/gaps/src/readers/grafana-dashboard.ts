import type { DashboardEvidence } from '../systems/system.ts'
import { readQuery, withoutVariables } from './promql.ts'

const nodeCountMax = 200_000
const queryCountMax = 2000

type Query = { text: string; isPrometheus: boolean }

/**
 * A Grafana dashboard's queries to Prometheus, each metric at the first line that asks for it.
 * A data source that is only named (`"Prometheus"`, `"${DS_PROMETHEUS}"`) goes by its name.
 */
export const readGrafanaDashboard = (file: string, text: string): DashboardEvidence | undefined => {
  const root = parse(text)
  if (!isRecord(root)) return undefined
  const board = isRecord(root['dashboard']) ? root['dashboard'] : root
  if (!Array.isArray(board['panels']) && !Array.isArray(board['rows'])) return undefined
  // What cannot be read is another language's, or a variable in a place that was not thought of.
  const asked = new Map<string, readonly string[]>(
    listQueries(board)
      .filter(({ isPrometheus }) => isPrometheus)
      .map(({ text: query }) => {
        const { metrics, faultAt } = readQuery(withoutVariables(query))
        return [query, faultAt === undefined ? metrics : []]
      }),
  )
  const metrics = new Map<string, DashboardEvidence['metrics'][number]>()
  for (const { value, at } of findExpressions(file, text)) {
    for (const name of asked.get(value) ?? []) {
      if (!metrics.has(name)) metrics.set(name, { ...at, name })
    }
  }
  const title = typeof board['title'] === 'string' ? board['title'] : ''
  return { file, line: 1, column: 1, title, metrics: [...metrics.values()], by: undefined }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined
    throw error
  }
}

/** Every object with an `expr`, with the data source that it or what it stands in names. */
const listQueries = (board: unknown): readonly Query[] => {
  const queries: Query[] = []
  const waiting: { value: unknown; source: unknown }[] = [{ value: board, source: undefined }]
  let nodeCount = 0
  while (waiting.length > 0 && queries.length < queryCountMax) {
    const next = waiting.pop()
    nodeCount += 1
    if (next === undefined || nodeCount > nodeCountMax) break
    const { value } = next
    if (Array.isArray(value)) {
      for (const item of value) waiting.push({ value: item, source: next.source })
    } else if (isRecord(value)) {
      const source = value['datasource'] ?? next.source
      if (typeof value['expr'] === 'string') {
        queries.push({ text: value['expr'], isPrometheus: isPrometheus(source) })
      }
      for (const child of Object.values(value)) {
        if (typeof child === 'object') waiting.push({ value: child, source })
      }
    }
  }
  return queries
}

const isPrometheus = (source: unknown): boolean => {
  if (source === undefined || source === null) return true
  const kind = isRecord(source) ? (source['type'] ?? source['uid']) : source
  return typeof kind === 'string' && (/prom|mimir|victoria|^default$/i.test(kind) || kind === '')
}

/** Where each `"expr": "…"` of the text stands. */
function* findExpressions(file: string, text: string) {
  let line = 1
  let lineStart = 0
  let searched = 0
  for (const match of text.matchAll(/"expr"\s{0,20}:\s{0,20}("(?:[^"\\\n]|\\.){0,20000}")/g)) {
    for (
      let next = text.indexOf('\n', searched);
      next !== -1 && next < match.index;
      next = text.indexOf('\n', next + 1)
    ) {
      line += 1
      lineStart = next + 1
      searched = next + 1
    }
    const value = parse(match[1] ?? '')
    const at = { file, line, column: match.index - lineStart + 1 }
    if (typeof value === 'string') yield { value, at }
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
