import type { ServiceSummary, TimelineEntry, Why } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import type { Colors } from '../output.ts'
import { readLastOutput } from '../last-output.ts'
import { getRunning } from '../platform.ts'
import { markOfState, paintState } from '../progress/marks.ts'
import { findPlace, serviceCall } from '../scope.ts'
import { oneLine } from '../text.ts'

const eventsMax = 12

/** The story of a service: its state, what led to it, what happened last, and the way back. */
export const why = async (
  context: Context,
  _options: unknown,
  [name = '']: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const stack = await findPlace(context, platform, [name])
  const story = await platform.call('whyService', serviceCall(name, stack))
  if (shared.json) {
    output.data(JSON.stringify(story, null, 2))
    return exitCodes.ok
  }
  const culprit = story.chain.at(-1) ?? story.service
  const lines = culprit.state === 'unhealthy' ? await readLastOutput(platform, culprit.id) : []
  output.data(formatStory(story, output.dataColors, lines))
  return exitCodes.ok
}

/** `lastOutput`: of the service where the trouble begins. */
export const formatStory = (
  story: Why,
  colors: Colors,
  lastOutput: readonly string[] = [],
): string => {
  const { service, sentences, chain, events, suggestion } = story
  const head = `${formatState(service, colors)}  ${colors.bold(service.id)}`
  const blocks = [[head, ...sentences.map((sentence) => `  ${oneLine(sentence)}`)]]
  const causes = chain.filter(({ id }) => id !== service.id)
  if (causes.length > 0) {
    const lines = causes.map((cause, depth) => {
      const reason = cause.reason === '' ? '' : `: ${oneLine(cause.reason)}`
      return `${'  '.repeat(depth + 1)}└ ${formatState(cause, colors)}  ${cause.id}${reason}`
    })
    blocks.push([colors.bold('Caused by'), ...lines])
  }
  if (events.length > 0) {
    blocks.push([
      colors.bold('What happened'),
      ...lastEvents(events).map((event) => formatEvent(event, colors)),
    ])
  }
  if (lastOutput.length > 0) {
    const { id } = chain.at(-1) ?? service
    blocks.push([colors.bold(`Last output of ${id}`), ...lastOutput.map((line) => `  ${line}`)])
  }
  if (suggestion !== null) {
    blocks.push([`${colors.bold('Try:')} ${suggestion.command}`, `  ${oneLine(suggestion.text)}`])
  }
  return blocks.map((lines) => lines.join('\n')).join('\n\n')
}

const formatState = ({ state }: ServiceSummary, colors: Colors): string =>
  paintState(state, colors)(`${markOfState[state]} ${state}`)

/** Oldest first, as a story is told. */
const lastEvents = (events: readonly TimelineEntry[]): TimelineEntry[] =>
  events.toSorted((a, b) => (a.at < b.at ? -1 : 1)).slice(-eventsMax)

const formatEvent = ({ at, severity, text }: TimelineEntry, colors: Colors): string => {
  const paints = {
    info: (t: string) => t,
    good: colors.green,
    warning: colors.yellow,
    bad: colors.red,
  }
  return `  ${colors.dim(formatTime(at))}  ${paints[severity](oneLine(text))}`
}

/** Time of day of today, the date too for what is older. */
const formatTime = (at: string): string => {
  const date = new Date(at)
  const isToday = date.toDateString() === new Date().toDateString()
  const clock = date.toTimeString().slice(0, 8)
  return isToday ? clock : `${date.toLocaleDateString('sv-SE')} ${clock}`
}
