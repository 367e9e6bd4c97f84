import { suppressionMark } from '../tree/tree.ts'
import { EditRefused } from './edit.ts'
import { applySplices, insertLines, lineStart, nextLine } from './yaml/splice.ts'

/** A line `NAME=` at the end of an env file, unless a line gives or names it. */
export const addVariable = (text: string, name: string): string => {
  const isThere = text
    .split(/\r?\n/)
    .some((line) => /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*(?:=|$)/.exec(line)?.[1] === name)
  if (isThere) return text
  const quotes = text
    .split('\n')
    .at(-1)
    ?.match(/^[^#]*=\s*(["'])/)
  const [, quote] = quotes ?? []
  if (quote !== undefined && !text.trimEnd().endsWith(quote)) {
    throw new EditRefused('its last line is a value that goes on')
  }
  return applySplices(text, [insertLines(text, text.length, [`${name}=`])])
}

/** A file in place of none, of an empty one, or below the comments that are all it holds. */
export const createText = (before: string | undefined, text: string): string => {
  if (before === undefined || before.trim() === '' || before === text) return text
  const isCommentsOnly = before
    .split(/\r?\n/)
    .every((line) => line.trim() === '' || line.trimStart().startsWith('#'))
  if (!isCommentsOnly) throw new EditRefused('the file is there and is not empty')
  return `${before.trimEnd()}\n\n${text}`
}

/** The suppression on a line; the line goes when nothing else is on it. */
export const removeSuppression = (text: string, line: number): string => {
  let from = 0
  for (let at = 1; at < line; at += 1) from = nextLine(text, from)
  const to = nextLine(text, from)
  const whole = text.slice(from, to)
  const eol = /\r?\n$/.exec(whole)?.[0] ?? ''
  const written = whole.slice(0, whole.length - eol.length)
  const mark = written.indexOf(suppressionMark)
  const hash = Math.max(written.lastIndexOf('#', mark), written.lastIndexOf('<!--', mark))
  if (mark === -1 || hash === -1) throw new EditRefused(`line ${line} holds no suppression`)
  const isMarkdown = written.startsWith('<!--', hash)
  const close = written.indexOf('-->', mark)
  if (isMarkdown && close === -1) throw new EditRefused('the comment goes on below')
  const rest = isMarkdown ? written.slice(close + 3) : ''
  const left = `${written.slice(0, hash)}${rest}`.trimEnd()
  if (left !== '') return text.slice(0, from) + left + eol + text.slice(to)
  if (!isMarkdown && goesOn(text, to)) {
    throw new EditRefused('a comment follows it, which may be the rest of its reason')
  }
  // A last line without an end: the line before keeps none either.
  const start = to === text.length && eol === '' ? lineEndBefore(text, from) : from
  return text.slice(0, start) + text.slice(to)
}

const goesOn = (text: string, at: number): boolean => {
  const next = text.slice(at, nextLine(text, at)).trim()
  return next.startsWith('#') && !next.includes(suppressionMark)
}

const lineEndBefore = (text: string, from: number): number => {
  if (from === 0) return 0
  const end = from - 1
  return end > lineStart(text, end) && text[end - 1] === '\r' ? end - 1 : end
}
