import { setTimeout as sleep } from 'node:timers/promises'
import { categories, type ServicesStatus, type StackState } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { formatDrift } from '../drift.ts'
import { createWakingLoop, followLive } from '../live.ts'
import { getRunning, liveTargetOf, type Platform } from '../platform.ts'
import { markOfState, paintState } from '../progress/marks.ts'
import { createScreen } from '../progress/screen.ts'
import { findStack, findStackState, listStacks } from '../scope.ts'
import { formatTable, tableWidth } from '../table.ts'
import { clip, duration, pad, widthOf } from '../text.ts'
import { listenForInterrupt } from '../up/interrupt.ts'

export type StatusOptions = { watch?: boolean }
type Row = ServicesStatus['services'][string][number]

// Ages are shown in seconds at first; the stream brings the rest.
const watchPeriodMs = 2000
const frameGapMs = 100

/** Verdict and services by category; with --json the body of /api/v1/services/status as it is. */
export const status = async (context: Context, { watch }: StatusOptions): Promise<number> => {
  const { output } = context
  const platform = await getRunning(context)
  const query = await queryOf(context, platform)
  if (watch === true) return watchStatus(context, platform, query)
  output.data(await render(context, platform, query, tableWidth(output.stdout)))
  return exitCodes.ok
}

/** Status is about everything unless a stack is named. */
const queryOf = async (context: Context, platform: Platform) => {
  const { projectName, files } = context.shared
  if (projectName === undefined && files.length === 0) return {}
  const stack = await findStack(context, await listStacks(platform))
  return stack === undefined ? {} : { query: { stack: stack.name } }
}

const render = async (
  context: Context,
  platform: Platform,
  query: { query?: { stack: string } },
  width: number,
): Promise<string> => {
  const body = await platform.call('getServicesStatus', query)
  if (context.shared.json) return JSON.stringify(body, null, 2)
  const { sentence, stacks } = await headOf(context, platform, body, query.query?.stack)
  const states = await statesOf(platform, stacks)
  const drift = driftOf(context, states)
  const told = withStops(body, states)
  const blocks = [sentence, formatStatus(told, context, width), ...drift]
  return blocks.filter((block) => block !== '').join('\n\n')
}

/** A stack that just went has none. */
const statesOf = async (platform: Platform, stacks: readonly string[]): Promise<StackState[]> => {
  const states = await Promise.all(stacks.map((stack) => findStackState(platform, stack)))
  return states.filter((state) => state !== undefined)
}

/** What runs otherwise than it was applied, by stack. */
const driftOf = ({ cwd, output }: Context, states: readonly StackState[]): string[] => {
  const look = { cwd, colors: output.dataColors, now: Date.now() }
  return states.map((state) => formatDrift(state.stack.name, state, look))
}

/** Of what a person has stopped, that is the reason. */
const withStops = (body: ServicesStatus, states: readonly StackState[]): ServicesStatus => {
  const stops = new Map(
    states.flatMap(({ services }) =>
      services.map(({ summary, stoppedBy }) => [summary.id, stoppedBy] as const),
    ),
  )
  const told = (row: Row): Row => {
    const by = stops.get(`${row.stack}/${row.name}`) ?? null
    return by === null || row.status !== 'stopped' ? row : { ...row, reason: `stopped by ${by}` }
  }
  const services = Object.entries(body.services).map(([key, rows]) => [key, rows.map(told)])
  return { ...body, services: Object.fromEntries(services) as ServicesStatus['services'] }
}

/** The platform's verdict over all; of one stack, the counts. And the stacks it is about. */
const headOf = async (
  { output }: Context,
  platform: Platform,
  body: ServicesStatus,
  stack: string | undefined,
): Promise<{ sentence: string; stacks: string[] }> => {
  const colors = output.dataColors
  if (stack !== undefined) {
    const counts = `${body.healthy_services} of ${body.total_services} services healthy`
    return { sentence: colors.bold(counts), stacks: [stack] }
  }
  const { verdict, stacks } = await platform.call('getOverview', {})
  const paint = paintState(verdict.state, colors)
  return {
    sentence: `${paint(markOfState[verdict.state])} ${colors.bold(verdict.sentence)}`,
    stacks: stacks.filter(({ builtIn }) => !builtIn).map(({ name }) => name),
  }
}

/** A table per category, in the order of the contract; worst services first. */
export const formatStatus = (
  body: ServicesStatus,
  { output }: Pick<Context, 'output'>,
  width: number,
): string => {
  const colors = output.dataColors
  const now = Date.parse(body.timestamp)
  const all = Object.values(body.services).flat()
  const name = (row: Row) => `${row.stack}/${row.name}`
  const nameWidth = Math.max(7, ...all.map((row) => widthOf(name(row))))
  const table = (rows: readonly Row[]) =>
    formatTable(
      rows,
      [
        { title: 'SERVICE', value: (row) => pad(name(row), nameWidth) },
        {
          title: 'STATE',
          value: (row) => pad(`${markOfState[row.status]} ${row.status}`, 11),
          paint: (text, row) => paintState(row.status, colors)(text),
        },
        { title: 'SINCE', value: (row) => pad(duration(now - Date.parse(row.since)), 7) },
        { title: 'LATENCY', value: (row) => pad(latency(row.latency_ms), 7) },
        { title: 'UP', value: (row) => pad(String(row.instances), 2) },
        { title: 'REASON', value: ({ reason }) => reason, gives: true },
      ],
      { width, colors },
    )
  const known: readonly string[] = categories
  const order = [...known, ...Object.keys(body.services).filter((key) => !known.includes(key))]
  return order
    .flatMap((category) => {
      const rows = body.services[category] ?? []
      return rows.length === 0 ? [] : [`${colors.bold(category)}\n${table(rows)}`]
    })
    .join('\n\n')
}

const latency = (ms: number | null): string =>
  ms === null ? '' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`

const watchStatus = async (
  context: Context,
  platform: Platform,
  query: { query?: { stack: string } },
): Promise<number> => {
  const { output, shared } = context
  const interrupt = listenForInterrupt()
  const { signal } = interrupt
  const isTerminal = output.stdout.isTTY && !shared.json
  const screen = isTerminal ? createScreen(output.stdout) : undefined
  let printed = ''
  let connection: 'live' | 'reconnecting' = 'live'
  let fault: unknown

  const work = async () => {
    try {
      const text = await render(context, platform, query, tableWidth(output.stdout))
      if (screen !== undefined) screen.draw(fit(text, screen, connection, output.dataColors.dim))
      else if (essence(text) !== essence(printed)) output.data(text)
      printed = text
    } catch (error) {
      if (screen !== undefined && printed !== '') {
        screen.draw(fit(printed, screen, 'reconnecting', output.dataColors.dim))
      } else {
        fault = error
        stop.abort()
      }
    }
    await sleep(frameGapMs, undefined, { signal }).catch(() => undefined) // ≤ 10 frames a second
  }
  const stop = new AbortController()
  const ended = AbortSignal.any([signal, stop.signal])
  const loop = createWakingLoop({ work, intervalMs: watchPeriodMs, signal: ended })
  await Promise.all([
    loop.run(),
    followLive({
      target: liveTargetOf(context, platform),
      topics: ['services'],
      signal: ended,
      onMessage: loop.wake,
      onState: (state) => {
        connection = state
      },
    }),
  ])
  screen?.close({ keep: true })
  interrupt.release()
  if (fault !== undefined) throw fault
  return exitCodes.interrupted
}

type Size = { rows: () => number; columns: () => number }

/** The part that fits the terminal, and whether it is live. */
const fit = (
  text: string,
  { rows, columns }: Size,
  connection: 'live' | 'reconnecting',
  dim: (text: string) => string,
): string[] => {
  const lines = text.split('\n')
  const room = Math.max(1, rows() - 3)
  const rest = lines.length > room ? ` · … ${lines.length - room} more lines` : ''
  const foot = dim(clip(`${connection} · Ctrl-C ends${rest}`, columns() - 1))
  return [...lines.slice(0, room), '', foot]
}

/** Without what changes by itself, so that a pipe gets a new table only when something happened. */
const essence = (text: string): string =>
  text
    .replaceAll(/"timestamp": .*|\d+(\.\d+)?(ms| ms|s|m|h|d)\b|"latency_ms": .*/g, '')
    .replaceAll(/ +/g, ' ')
