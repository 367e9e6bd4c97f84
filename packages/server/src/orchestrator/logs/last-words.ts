import type { Clock } from '../../kernel/clock.ts'
import type { LogStore } from './log-store.ts'

const linesMax = 3
/** A line beyond this is not a reason any more, but its beginning is. */
const lineMax = 200
/** The end of an instance is told before the last of what it wrote is read. */
const tries = 5
const againMs = 200

type Asked = { stack: string; name: string; since: Date }

/**
 * The last lines an instance has written itself since a moment, as one clause that fits beside the
 * reason of its end; empty when it has written nothing, or its log cannot be read.
 */
export const lastWords = async (
  { logs, clock }: { logs: Pick<LogStore, 'page'>; clock: Clock },
  asked: Asked,
): Promise<string> => {
  for (let left = tries; left > 0; left -= 1) {
    const words = await read(logs, asked).catch(() => null)
    if (words === null || words !== '') return words ?? ''
    if (left > 1) await new Promise<void>((resolve) => clock.setTimer(resolve, againMs))
  }
  return ''
}

const read = async (
  logs: Pick<LogStore, 'page'>,
  { stack, name, since }: Asked,
): Promise<string> => {
  // Lines of Keelson itself stand between those of the instance.
  const { items } = await logs.page({ stack, instances: [name], limit: linesMax * 4 })
  return items
    .filter(({ stream, at }) => stream !== 'keelson' && Date.parse(at) >= since.getTime())
    .map(({ text }) => shown(text))
    .filter((text) => text !== '')
    .slice(-linesMax)
    .join(' / ')
}

// oxlint-disable-next-line no-control-regex -- terminal sequences begin with one
const control = /\u001B\[[\d;?:]*[A-Za-z]|[\u0000-\u001F\u007F-\u009F]+/g

const shown = (text: string): string => {
  const line = text.replaceAll(control, ' ').trim()
  return line.length > lineMax ? `${line.slice(0, lineMax).toWellFormed()} …` : line
}
