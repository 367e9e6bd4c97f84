import { maskLengthMax, secretName } from './mask.ts'
import { endOfQuoted } from './mask-value.ts'

/**
 * Lines (1-based) that belong to a secret which an earlier line began: the body of a block scalar, the
 * rest of a quoted or folded value, the value on the line after its name, the inside of a PEM block.
 */
export const hiddenLines = (lines: readonly string[]): ReadonlySet<number> => {
  const hidden = new Set<number>()
  let open: Open | undefined
  let left = 0
  for (const [index, line] of lines.entries()) {
    const state = open === undefined || left === 0 ? 'outside' : open(line)
    if (state !== 'outside') hidden.add(index + 1)
    left -= 1
    if (state === 'inside') continue
    // What ends with a line and what ends before it may both be followed by another.
    open = state === 'last' ? undefined : openedBy(line)
    left = bodyLinesMax
  }
  return hidden
}

/** A hidden line as it is shown: where it stands, and nothing else. */
export const coverLine = (line: string): string =>
  line.trim() === '' ? line : `${/^[ \t]*(?:- )?/.exec(line)?.[0] ?? ''}…`

/** Of one secret; a file that never closes it is not hidden as a whole. */
const bodyLinesMax = 500

type State = 'inside' | 'last' | 'outside'
type Open = (line: string) => State

const assignment = new RegExp(
  `^([ \\t]*(?:-[ \\t]+)*)(?:export[ \\t]+)?["']?[\\w.-]{0,80}${secretName}[\\w-]{0,40}["']?[ \\t]*[:=][ \\t]*(.*)$`,
  'i',
)
const optionItem = new RegExp(
  `^([ \\t]*)-[ \\t]+["']?--?[\\w-]{0,80}${secretName}[\\w-]{0,40}["']?[ \\t]*$`,
  'i',
)
const nameItem = new RegExp(
  `^([ \\t]*)(?:-[ \\t]+)?name:[ \\t]*["']?[\\w.-]{0,80}${secretName}[\\w.-]{0,40}["']?[ \\t]*$`,
  'i',
)

const openedBy = (line: string): Open | undefined => {
  if (line.length > maskLengthMax) return undefined
  if (/-----BEGIN [A-Z0-9 ]+-----/.test(line) && !line.includes('-----END ')) return untilPemEnds
  if (optionItem.test(line)) return nextOnly((next) => /^[ \t]*-[ \t]/.test(next))
  if (nameItem.test(line)) return nextOnly((next) => /^[ \t]*value:/.test(next))
  const [, before, value] = assignment.exec(line) ?? []
  return before === undefined || value === undefined ? undefined : afterValue(before.length, value)
}

const untilPemEnds: Open = (line) => (line.includes('-----END ') ? 'last' : 'inside')

const nextOnly =
  (isMeant: (line: string) => boolean): Open =>
  (line) =>
    isMeant(line) ? 'last' : 'outside'

/** What may follow a value whose name begins at this column. */
const afterValue = (column: number, value: string): Open | undefined => {
  const bare = value.replace(/^(?:[&!][^\s]*[ \t]+)*/, '').trimEnd()
  const quote = bare[0]
  if (quote === '"' || quote === "'") {
    const isClosed = (text: string, from: number) =>
      endOfQuoted(`${text}\n`, from, quote) <= text.length
    if (isClosed(bare, 1)) return undefined
    return (line) => (isClosed(line, 0) ? 'last' : 'inside')
  }
  const isDeeper = (line: string) => line.trim() === '' || line.search(/\S/) > column
  if (/^[|>][0-9+-]{0,2}(?:[ \t]+#.*)?$/.test(bare)) {
    return (line) => (isDeeper(line) ? 'inside' : 'outside')
  }
  // A plain value goes on; names below and items of a list are judged by themselves.
  return (line) =>
    isDeeper(line) && !/^[ \t]*(?:-[ \t]|#|["']?[\w./-]+["']?[ \t]*[:=](?:[ \t]|$))/.test(line)
      ? 'inside'
      : 'outside'
}
