import type { LogLine, LogPage, Stack } from '@keelson/contract'
import { ProblemError } from '@keelson/sdk'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { usageError } from '../failure.ts'
import { createWakingLoop, followLive } from '../live.ts'
import { createLinePrinter } from '../log-lines.ts'
import { flush } from '../output.ts'
import { getRunning, liveTargetOf, type Platform } from '../platform.ts'
import {
  findPlace,
  findStack,
  hintOfStacks,
  listStacks,
  onlyOf,
  type ServicePlace,
} from '../scope.ts'
import { listenForInterrupt } from '../up/interrupt.ts'

export type LogsOptions = {
  follow?: boolean
  tail?: number
  since?: Date
  timestamps?: boolean
  prefix: boolean
}

/** Lines to begin with when nobody says how many; with --since all of them. */
const tailByDefault = 200

/** `<stack>/<service>` and the cursor of the next line nobody has seen. */
type Source = { id: string; next: string | null }
type Print = (id: string, lines: readonly LogLine[]) => Promise<void>

const pageMax = 1000
const followPollMs = 2000

/**
 * The last lines of services, merged by time; with --follow everything after them. Following reads
 * pages from the cursor where the last page ended, and the live stream only says when to read:
 * so no line is lost or doubled between page and tail, nor when the stream is cut.
 */
export const logs = async (
  context: Context,
  options: LogsOptions,
  names: readonly string[],
): Promise<number> => {
  const platform = await getRunning(context)
  const asked = await findServices(context, platform, names)
  const tail = options.tail ?? (options.since === undefined ? tailByDefault : Infinity)
  const since = options.since?.toISOString() ?? ''
  const pages = await Promise.all(asked.ids.map((id) => readTail(platform, id, tail, since)))
  const printer = createLinePrinter(
    context,
    options,
    pages.flatMap(({ lines }) => lines),
  )
  const print: Print = async (id, lines) => {
    lines.forEach((line) => printer(id, line))
    await flush(context.output.stdout)
  }
  let unread = 0
  for (const { id, line } of mergeByTime(pages)) {
    printer(id, line)
    unread += 1
    if (unread % pageMax === 0) await flush(context.output.stdout)
  }
  if (options.follow !== true) return exitCodes.ok
  await follow({ platform, context, sources: pages, whole: asked.whole, print })
  return exitCodes.interrupted
}

/** `whole`: the stack all of whose services are meant, also those that come later. */
type Asked = { ids: string[]; whole: string | undefined }

/** The services that are meant, as `<stack>/<service>`; all of the stack when none is named. */
const findServices = async (
  context: Context,
  platform: Platform,
  names: readonly string[],
): Promise<Asked> => {
  if (names.length > 0) {
    const place = await findPlace(context, platform, names)
    const found = await Promise.all(names.map((name) => idOf(platform, name, place)))
    return { ids: [...new Set(found)], whole: undefined }
  }
  const stacks = await listStacks(platform)
  const stack = (await findStack(context, stacks)) ?? onlyOf(stacks)
  if (stack === undefined) {
    throw usageError('There is no stack in this folder to show the logs of', hintOfStacks(stacks))
  }
  return { ids: idsOf(stack), whole: stack.name }
}

const idsOf = ({ name, services }: Stack): string[] =>
  services.map((service) => `${name}/${service}`)

const idOf = async (platform: Platform, name: string, stack: ServicePlace) => {
  if (name.includes('/')) return name
  if (stack?.services.includes(name) === true) return `${stack.name}/${name}`
  // The platform knows whether one stack, several or none have it, and says so.
  return (await platform.call('getService', { params: { name } })).id
}

/** The newest `count` lines that are not older than `since`, oldest first, and where to go on. */
const readTail = async (platform: Platform, id: string, count: number, since: string) => {
  const parts: LogLine[][] = []
  let missing = count
  const first = await readPage(platform, id, { limit: Math.min(Math.max(count, 1), pageMax) })
  let page = first
  for (;;) {
    const young = page.items.filter(({ at }) => at >= since)
    const kept = missing === 0 ? [] : young.slice(-Math.min(missing, young.length))
    parts.push(kept)
    missing -= kept.length
    if (
      young.length < page.items.length ||
      missing <= 0 ||
      page.previousCursor === null ||
      page.items.length === 0
    )
      break
    const limit = Math.min(missing, pageMax)
    page = await readPage(platform, id, { before: page.previousCursor, limit })
  }
  return { id, lines: parts.reverse().flat(), next: first.nextCursor }
}

type PageQuery = { limit: number; before?: string; after?: string }

const readPage = (
  platform: Platform,
  id: string,
  query: PageQuery,
  signal?: AbortSignal,
): Promise<LogPage> =>
  platform.call('getServiceLogs', {
    params: { name: id },
    query,
    ...(signal === undefined ? {} : { signal }),
  })

/** Lines of several services by time; the order within a service stays as it was written. */
const mergeByTime = function* (pages: readonly { id: string; lines: readonly LogLine[] }[]) {
  const places = pages.map(() => 0)
  for (;;) {
    let first: { at: number; line: LogLine; id: string } | undefined
    for (const [at, { id, lines }] of pages.entries()) {
      const line = lines[places[at] ?? 0]
      if (line !== undefined && (first === undefined || line.at < first.line.at)) {
        first = { at, line, id }
      }
    }
    if (first === undefined) return
    places[first.at] = (places[first.at] ?? 0) + 1
    yield first
  }
}

type FollowOptions = {
  platform: Platform
  context: Context
  sources: readonly Source[]
  whole: string | undefined
  print: Print
}

/** A platform that is starting again is waited for; one that was stopped is not. */
const follow = async (options: FollowOptions): Promise<void> => {
  const { platform, context, sources, whole, print } = options
  const interrupt = listenForInterrupt()
  const failed = new AbortController()
  const signal = AbortSignal.any([interrupt.signal, failed.signal])
  let fault: unknown
  let told = false
  const guarded = (work: () => Promise<void>) => async () => {
    try {
      await work()
      told = false
    } catch (error) {
      if (signal.aborted) return
      fault =
        error instanceof ProblemError ? error : await getRunning(context).catch((e: unknown) => e)
      if (fault instanceof Error) return failed.abort()
      if (!told) context.output.message('Keelson does not answer; trying again …')
      told = true
    }
  }
  const loops = new Map<string, ReturnType<typeof createWakingLoop>>()
  const running: Promise<void>[] = []
  const add = (id: string, work: () => Promise<void>) => {
    const loop = createWakingLoop({ signal, intervalMs: followPollMs, work: guarded(work) })
    loops.set(id, loop)
    running.push(loop.run())
  }
  for (const source of sources) add(source.id, () => readOn(platform, source, print, signal))
  // What is added to the stack while its log is followed is followed from its first line on.
  const join = async () => {
    const stack = (await listStacks(platform)).find(({ name }) => name === whole)
    for (const id of stack === undefined ? [] : idsOf(stack)) {
      const source: Source = { id, next: null }
      if (!loops.has(id)) add(id, () => readOn(platform, source, print, signal))
    }
  }
  if (whole !== undefined) add('', join)
  const target = liveTargetOf(context, platform)
  const wake = () => loops.forEach((loop) => loop.wake())
  // The platform takes this many topics on one stream; polling carries the rest.
  const topics = ['stacks', ...sources.map(({ id }) => `logs:${id}`)].slice(0, topicsMax)
  await followLive({ target, topics, signal, onMessage: wake, onState: wake })
  await Promise.all(running)
  interrupt.release()
  if (fault instanceof Error) throw fault
}

const topicsMax = 20

/** Prints every page after the cursor until there is nothing new. */
const readOn = async (platform: Platform, source: Source, print: Print, signal: AbortSignal) => {
  for (;;) {
    const after = source.next === null ? {} : { after: source.next }
    const page = await readPage(platform, source.id, { limit: pageMax, ...after }, signal)
    await print(source.id, page.items)
    source.next = page.nextCursor ?? source.next
    if (page.items.length < pageMax) return
  }
}
