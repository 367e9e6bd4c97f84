import type { ActionProgress } from '@keelson/contract'
import type { Colors } from '../output.ts'
import { clip, oneLine } from '../text.ts'

/** A log is told of a pull that goes on so often; a screen shows it all the time. */
const sayAgainMs = 10_000
const rowsMax = 6
const barWidth = 16

/** Worth a row: a start is seen at its service, a pull or build takes long and is seen nowhere. */
const takesLong: ReadonlySet<string> = new Set(['pull_image', 'build_image', 'create_volume'])

/** How pulls and builds get on: rows for a screen, now and then a line for a log. */
export const createActionLines = (colors: Colors) => {
  const running = new Map<string, ActionProgress>()
  const told = new Map<string, { state: string; at: number }>()
  const note = (action: ActionProgress) => {
    if (action.state === 'running') running.set(action.id, action)
    else running.delete(action.id)
  }
  return {
    note,
    rows: (columns: number): string[] =>
      [...running.values()]
        .filter(({ kind }) => takesLong.has(kind))
        .slice(0, rowsMax)
        .map((action) => clip(`  ${barOf(action.share)} ${labelOf(action)}`, columns - 1))
        .map((line) => colors.dim(line)),
    /** The line this message is worth, if any. */
    lineOf: (action: ActionProgress, now: number): string[] => {
      note(action)
      // What failed is told with its place in the file, once the command knows all of it.
      if (action.state === 'failed' || !takesLong.has(action.kind)) return []
      const last = told.get(action.id)
      const isNews = last?.state !== action.state || now - last.at >= sayAgainMs
      if (!isNews || action.state === 'waiting') return []
      told.set(action.id, { state: action.state, at: now })
      const mark = action.state === 'done' ? colors.green('✓') : '…'
      return [`${mark} ${labelOf(action)}`]
    },
  }
}

const labelOf = ({ kind, subject, text }: ActionProgress): string => {
  const detail = text === '' ? '' : `: ${oneLine(text)}`
  return `${kind.replaceAll('_', ' ')} ${subject}${detail}`
}

const barOf = (share: number | null): string => {
  if (share === null) return '·'.repeat(barWidth)
  const done = Math.round(Math.min(1, Math.max(0, share)) * barWidth)
  return '━'.repeat(done) + '─'.repeat(barWidth - done)
}
