import type { ActionProgress, TimelineEntry } from '@keelson/contract'
import type { Context } from '../context.ts'
import type { Colors } from '../output.ts'
import { createActionLines } from './action-lines.ts'
import { duration, oneLine, pad } from '../text.ts'
import { formatFrame, spinnerPeriodMs } from './frame.ts'
import { markOf, paintProgress, wordOf } from './marks.ts'
import type { Change, Progress } from './progress.ts'
import { createScreen } from './screen.ts'

export const progressKinds = ['auto', 'tty', 'plain', 'json', 'quiet'] as const
export type ProgressKind = (typeof progressKinds)[number]

/** What `up` tells while it works. One implementation per `--progress`. */
export type Reporter = {
  /** Something without a service: starting Keelson, stopping a stack. */
  step: (text: string) => void
  /** Something that is so now. */
  note: (text: string) => void
  warn: (text: string) => void
  /** A fact for the person and for the script: the sign-in link, the gateway's address. */
  fact: (name: string, text: string, data: Readonly<Record<string, unknown>>) => void
  watch: (progress: Progress, stack: string) => void
  change: (change: Change) => void
  /** How a pull or a build gets on. */
  action: (action: ActionProgress) => void
  /** A step of an update that exchanges instances. */
  update: (entry: TimelineEntry) => void
  /** Nothing has changed for a while: what is still waited for. */
  waiting: (services: readonly string[]) => void
  /** Ends the live part; `text` is the last line. */
  close: (text?: string) => void
}

/**
 * `tty` needs a terminal that can move its cursor and a person before it: not a pipe, not CI, not
 * TERM=dumb. Standard error is asked, because that is where progress is written.
 */
export const chooseProgress = (
  asked: ProgressKind,
  { env, output, shared }: Pick<Context, 'env' | 'output' | 'shared'>,
): Exclude<ProgressKind, 'auto'> => {
  if (asked !== 'auto') return asked
  if (shared.json) return 'json'
  if (shared.quiet) return 'quiet'
  const isCi = env['CI'] !== undefined && env['CI'] !== '' && env['CI'] !== 'false'
  return output.stderr.isTTY && !isCi && env['TERM'] !== 'dumb' ? 'tty' : 'plain'
}

export const createReporter = (kind: Exclude<ProgressKind, 'auto'>, context: Context): Reporter => {
  const reporters = { tty, plain, json, quiet }
  return reporters[kind](context)
}

/** `✓ catalog  healthy  2.1s`: one line per change, also above the live rows. */
const formatChange = (
  { service, from }: Change,
  context: Pick<Context, 'output'>,
  elapsedMs?: number,
): string => {
  const colors = context.output.messageColors
  const paint = paintProgress(service, colors)
  const reason = service.outcome === 'healthy' && from === null ? '' : oneLine(service.reason)
  const line = `${paint(markOf(service))} ${pad(service.name, 16)}  ${paint(pad(wordOf(service), 9))}`
  const elapsed = elapsedMs === undefined ? '' : duration(elapsedMs)
  const tail = [reason, elapsed].filter((text) => text !== '').join('  ')
  return `${line}  ${colors.dim(tail)}`.trimEnd()
}

/** `↻ shop/api: 1 of 2 updated` */
const formatUpdate = ({ text, severity }: TimelineEntry, colors: Colors): string => {
  const marks = { good: '✓', info: '↻', warning: '!', bad: '✗' }
  const paints = {
    good: colors.green,
    info: colors.cyan,
    warning: colors.yellow,
    bad: colors.red,
  }
  return `${paints[severity](marks[severity])} ${oneLine(text)}`
}

const plain = (context: Context): Reporter => {
  const { output } = context
  const colors = output.messageColors
  let watched: Progress | undefined
  const actions = createActionLines(colors)
  const say = (text: string) => output.alarm(text) // asked for by --progress, so -q does not apply
  return {
    step: say,
    note: say,
    warn: (text) => say(`${colors.yellow('!')} ${text}`),
    fact: (_, text) => output.data(text),
    watch: (progress) => {
      watched = progress
    },
    change: (change) =>
      say(formatChange(change, context, Date.now() - (watched?.startedAt ?? Date.now()))),
    action: (action) => actions.lineOf(action, Date.now()).forEach(say),
    update: (entry) => say(formatUpdate(entry, colors)),
    waiting: (services) => say(colors.dim(`… waiting for ${services.join(', ')}`)),
    close: (text) => {
      if (text !== undefined) say(text)
    },
  }
}

const tty = (context: Context): Reporter => {
  const { output } = context
  const screen = createScreen(output.stderr)
  const colors = output.messageColors
  let watched: { progress: Progress; stack: string } | undefined
  let timer: NodeJS.Timeout | undefined
  let step: string | undefined
  let stepAt = Date.now()
  // Once all are up, rows alone would hide that something died and came back in between.
  let wasUp = false
  const actions = createActionLines(colors)

  const draw = () => {
    const now = Date.now()
    const below = actions.rows(screen.columns())
    if (watched === undefined) {
      if (step === undefined) return
      screen.draw([`${colors.cyan('…')} ${step}  ${colors.dim(duration(now - stepAt))}`, ...below])
      return
    }
    const { progress, stack } = watched
    const size = { columns: screen.columns(), lines: screen.rows() - below.length }
    const services = progress.services()
    const frame = { services, stack, startedAt: progress.startedAt, now, colors, ...size }
    screen.draw([...formatFrame(frame), ...below])
  }
  const run = () => {
    timer ??= setInterval(draw, spinnerPeriodMs).unref()
    draw()
  }
  return {
    step: (text) => {
      step = text
      stepAt = Date.now()
      if (watched === undefined) run()
      else screen.print(`${colors.cyan('…')} ${text}`)
    },
    note: (text) => screen.print(`${colors.green('✓')} ${text}`),
    warn: (text) => screen.print(`${colors.yellow('!')} ${text}`),
    fact: (_, text) => {
      step = undefined
      screen.close({ keep: false })
      output.data(text)
    },
    watch: (progress, stack) => {
      step = undefined
      screen.close({ keep: false })
      watched = { progress, stack }
      wasUp = false
      run()
    },
    change: (change) => {
      if (wasUp) {
        const clock = new Date().toTimeString().slice(0, 8)
        screen.print(`${colors.dim(clock)} ${formatChange(change, context)}`)
      }
      if (watched?.progress.verdict() === 'up') wasUp = true
      draw()
    },
    action: (action) => {
      actions.note(action)
      draw()
    },
    update: (entry) => screen.print(formatUpdate(entry, colors)),
    waiting: () => undefined, // the rows say it
    close: (text) => {
      clearInterval(timer)
      timer = undefined
      if (watched !== undefined) draw()
      screen.close({ keep: watched !== undefined })
      watched = undefined
      step = undefined
      if (text !== undefined) output.alarm(text)
    },
  }
}

/** One JSON object per line on standard output. */
const json = ({ output }: Context): Reporter => {
  const say = (type: string, data: Readonly<Record<string, unknown>>) =>
    output.data(JSON.stringify({ type, at: new Date().toISOString(), ...data }))
  return {
    step: (text) => say('step', { text }),
    note: (text) => say('note', { text }),
    warn: (text) => say('warning', { text }),
    fact: (name, _, data) => say(name, data),
    watch: (_, stack) => say('stack', { stack }),
    change: ({ service, from }) => {
      const { name, state, reason, outcome, instancesHealthy, instancesWanted } = service
      const numbers = { instancesHealthy, instancesWanted }
      say('service', { service: name, from, state, outcome, reason, ...numbers })
    },
    action: (action) => say('action', action),
    update: ({ type, subject, severity, text }) =>
      say('update', { event: type, subject, severity, text }),
    waiting: (services) => say('waiting', { services }),
    close: (text) => {
      if (text !== undefined) say('end', { text })
    },
  }
}

/** Errors only; the exit code says the rest. */
const quiet = (): Reporter => {
  const nothing = () => undefined
  return {
    step: nothing,
    note: nothing,
    warn: nothing,
    fact: nothing,
    watch: nothing,
    change: nothing,
    action: nothing,
    update: nothing,
    waiting: nothing,
    close: nothing,
  }
}
