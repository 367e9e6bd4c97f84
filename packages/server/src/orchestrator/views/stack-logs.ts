import type { LogLine, LogPage } from '@keelson/contract'
import type { Registry, ServiceDeclaration } from '../../registry/index.ts'
import type { LogQuery, LogStore } from '../logs/index.ts'
import { instanceName } from '../places.ts'

export type StackLogQuery = LogQuery & { limit: number; contains?: string }

/**
 * The instances whose lines are read of a service: those that are there, and of those that are gone
 * the ones that wrote last. What ended is mostly what people look for: an instance that an update
 * gave up, or the last words of one that was replaced while somebody follows.
 */
export const instancesToRead = async (
  { logs, registry }: { logs: Pick<LogStore, 'kept'>; registry: Pick<Registry, 'instancesOf'> },
  { id, stack, spec }: ServiceDeclaration,
): Promise<string[]> => {
  const present = registry.instancesOf(id).map(({ name }) => name)
  const isOfIt = (name: string): boolean =>
    name === instanceName(stack, spec.name, Number(/\d+$/.exec(name)?.[0] ?? 0))
  const kept = (await logs.kept(stack)).filter(isOfIt)
  const gone = kept.filter((name) => !present.includes(name)).slice(0, goneMax)
  return [...present, ...gone]
}

/** Each one read is open files for every page. */
const goneMax = 20

/** Lines looked at for one answer; what lies beyond is for the next one, from its cursor. */
const scanLinesMax = 10_000
const pageLines = 1000

/**
 * Log lines with a text in them, whatever their case and colours. An answer can hold fewer lines
 * than asked for, or none, and still have a cursor: it looks at a bounded part of the log, and its
 * cursors are where it stopped looking. So nothing is lost or doubled from one answer to the next.
 */
export const readStackLogs = (
  logs: Pick<LogStore, 'page'>,
  { contains, ...query }: StackLogQuery,
): Promise<LogPage> => {
  if (contains === undefined || contains === '') return logs.page(query)
  const wanted = contains.toLowerCase()
  const holds = ({ text }: LogLine): boolean => plain(text).toLowerCase().includes(wanted)
  return query.after === undefined
    ? searchBackward(logs, query, holds)
    : searchForward(logs, { ...query, after: query.after }, holds)
}

type Holds = (line: LogLine) => boolean

const searchBackward = async (
  logs: Pick<LogStore, 'page'>,
  query: StackLogQuery,
  holds: Holds,
): Promise<LogPage> => {
  let found: LogLine[] = []
  let before = query.before ?? null
  let nextCursor: string | null | undefined
  for (let looked = 0; looked < scanLinesMax && found.length < query.limit;) {
    const from = before === null ? {} : { before }
    const page = await logs.page({ ...query, ...from, limit: pageLines })
    nextCursor ??= page.nextCursor
    found = [...page.items.filter(holds), ...found]
    before = page.previousCursor
    looked += page.items.length
    if (before === null || page.items.length === 0) break
  }
  const isCut = found.length > query.limit
  const items = isCut ? found.slice(-query.limit) : found
  return {
    items,
    previousCursor: isCut ? (items[0]?.cursor ?? null) : before,
    nextCursor: nextCursor ?? null,
  }
}

const searchForward = async (
  logs: Pick<LogStore, 'page'>,
  query: StackLogQuery & { after: string },
  holds: Holds,
): Promise<LogPage> => {
  const found: LogLine[] = []
  let { after } = query
  let previousCursor: string | null | undefined
  for (let looked = 0; looked < scanLinesMax && found.length < query.limit;) {
    const page = await logs.page({ ...query, after, limit: pageLines })
    previousCursor ??= page.items.length === 0 ? undefined : page.previousCursor
    found.push(...page.items.filter(holds))
    after = page.nextCursor ?? after
    looked += page.items.length
    if (page.items.length === 0) break
  }
  const isCut = found.length > query.limit
  const items = isCut ? found.slice(0, query.limit) : found
  return {
    items,
    previousCursor: previousCursor ?? null,
    nextCursor: isCut ? (items.at(-1)?.cursor ?? after) : after,
  }
}

// oxlint-disable-next-line no-control-regex -- terminal sequences begin with one
const colours = /\u001B\[[\d;:]*[A-Za-z]/g

const plain = (text: string): string => text.replaceAll(colours, '')
