/**
 * Regular expressions that people write into configurations, in time linear in the text. A
 * backtracking engine can be stalled for years by one pattern (`(a+)+$`) and one request. So
 * patterns run by RE2, except those that are proven to give V8 no choice (regex-proof.ts): it
 * takes 0.1 µs for a usual path, RE2JS 2 µs with captures.
 *
 * The syntax is RE2's, which is that of the Rust crate Kong uses, without look-around and back
 * references. `\d`, `\w` and `\s` are ASCII.
 */
import { RE2JS } from 're2js'

import { literalPrefix, printRegex } from './regex-print.ts'
import { isProvenLinear } from './regex-proof.ts'
import { parseRegex } from './regex-syntax.ts'

export type SafeRegexOptions = {
  /** Where a match may lie: from the first character, the whole text, or anywhere. */
  anchored: 'start' | 'both' | 'none'
  ignoreCase?: boolean
}

export type SafeRegexMatch = {
  matched: string
  /** Groups by number from 1, at index 0 and up; '' for one that took no part. */
  list: string[]
  /** Named groups that took part. */
  named: Record<string, string>
}

export type SafeRegex = {
  exec(text: string): SafeRegexMatch | null
  /** Like exec without captures, which is cheaper. */
  test(text: string): boolean
  /** What the text must start with; '' when that is not known. */
  readonly prefix: string
  readonly engine: 'v8' | 're2'
}

/** A pattern nobody may use, with why and what to do instead. */
export class UnsafeRegexError extends Error {
  override readonly name = 'UnsafeRegexError'
}

/** Longer patterns are refused. */
export const patternLimit = 4096
/** Longer texts match nothing. */
export const textLimit = 16_384
/** Instructions that RE2 may need for a pattern; `(a{30}){30}` is short and has a thousand. */
const programLimit = 2048
/**
 * Instructions × characters of one match by RE2, at some 50 ns each in the worst case. Longer
 * texts match nothing: a pattern of usual size (30) may have the whole of `textLimit`.
 */
const workLimit = 524_288

/** @throws UnsafeRegexError when RE2 cannot take the pattern, with the reason */
export const compileSafeRegex = (pattern: string, options: SafeRegexOptions): SafeRegex => {
  if (pattern.length > patternLimit) {
    throw new UnsafeRegexError(
      `the regex has ${pattern.length} characters, at most ${patternLimit} are allowed`,
    )
  }
  const { anchored, ignoreCase = false } = options
  const parsed = parseRegex(pattern, ignoreCase)
  const prefix = anchored === 'none' || parsed === null ? '' : literalPrefix(parsed.root)
  if (parsed === null || !isProvenLinear(parsed, anchored)) {
    return byRe2(pattern, anchored, ignoreCase, prefix)
  }
  const start = anchored !== 'none' || parsed.startsAtStart ? '^' : ''
  const end = anchored === 'both' ? '$' : ''
  const source = `${start}(?:${printRegex(parsed.root)})${end}`
  const flags = parsed.ignoreCase ? 'iu' : 'u'
  try {
    return byV8(new RegExp(source, flags), prefix)
  } catch {
    // Two groups of one name, for instance: RE2 has the words for it.
    return byRe2(pattern, anchored, ignoreCase, prefix)
  }
}

const byV8 = (regex: RegExp, prefix: string): SafeRegex => ({
  engine: 'v8',
  prefix,
  test: (text) => text.length <= textLimit && regex.test(text),
  exec: (text) => {
    const match = text.length <= textLimit ? regex.exec(text) : null
    if (match === null) return null
    const list: string[] = []
    for (let group = 1; group < match.length; group += 1) list.push(match[group] ?? '')
    return { matched: match[0], list, named: namedOf(match.groups) }
  },
})

const byRe2 = (
  pattern: string,
  anchored: SafeRegexOptions['anchored'],
  ignoreCase: boolean,
  prefix: string,
): SafeRegex => {
  const flags = ignoreCase ? RE2JS.CASE_INSENSITIVE : 0
  // First as it stands: `a)(b` would slip out of the group that is put around it.
  const plain = compileRe2(pattern, flags)
  const regex =
    anchored === 'none'
      ? plain
      : compileRe2(`^(?:${pattern})${anchored === 'both' ? '\\z' : ''}`, flags)
  const size = regex.programSize()
  if (size > programLimit) {
    throw new UnsafeRegexError(
      `the regex needs ${size} instructions, at most ${programLimit} are allowed`,
    )
  }
  const longest = Math.min(textLimit, Math.floor(workLimit / size))
  const test = (text: string): boolean => text.length <= longest && regex.test(text)
  return {
    engine: 're2',
    prefix,
    test,
    exec: (text) => {
      // Its automaton says no ten times faster than the search with captures.
      if (!test(text)) return null
      const matcher = regex.matcher(text)
      if (!matcher.find()) return null
      const list: string[] = []
      for (let group = 1; group <= matcher.groupCount(); group += 1) {
        list.push(matcher.group(group) ?? '')
      }
      return { matched: matcher.group() ?? '', list, named: namedOf(matcher.getNamedGroups()) }
    },
  }
}

const compileRe2 = (pattern: string, flags: number): RE2JS => {
  try {
    return RE2JS.compile(pattern, flags)
  } catch (reason) {
    throw new UnsafeRegexError(explainRefusal(pattern, reason), { cause: reason })
  }
}

const explainRefusal = (pattern: string, reason: unknown): string => {
  if (/\(\?<?[=!]/.test(pattern)) {
    return 'the regex looks ahead or behind, which cannot be matched in linear time'
  }
  if (/\\[1-9]|\\k</.test(pattern)) {
    return 'the regex refers back to a group, which cannot be matched in linear time'
  }
  const message = reason instanceof Error ? reason.message : String(reason)
  return `the regex is not valid: ${message.replace(/^error parsing regexp: /, '')}`
}

const namedOf = (
  groups: Readonly<Record<string, string | null | undefined>> | undefined,
): Record<string, string> => {
  const named: Record<string, string> = {}
  if (groups === undefined) return named
  for (const name of Object.keys(groups)) {
    const value = groups[name]
    if (value !== undefined && value !== null) named[name] = value
  }
  return named
}
