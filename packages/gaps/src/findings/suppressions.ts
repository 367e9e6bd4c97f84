import { posix } from 'node:path'
import { suggest } from '@keelson/compose'
import type { Edit } from '../fix/edit.ts'
import { factAt, type Place } from '../place.ts'
import { families, type Finding, type Found, type Rule } from '../rules/rule.ts'
import { isEnvFile } from '../systems/read-env-files.ts'
import type { System } from '../systems/system.ts'
import { suppressionMark, type Tree } from '../tree/tree.ts'

/** `# keelson-ignore health/no-check until 2027-01-31: reason`, of one line of one file. */
export type Suppression = Place & {
  /** Rules and families. */
  rules: readonly string[]
  reason: string
  /** The last day on which it holds, `2027-01-31`. */
  until: string | undefined
  /** The line it speaks of: its own when something else is on it, the next one with code if not. */
  target: number
  /** Nothing but comments stands before it: then it also speaks of the file as a whole. */
  isAtHead: boolean
}

/** What is wrong with a comment that wants to be a suppression. */
export type Misread = Place & { kind: 'no-reason' | 'unknown-rule'; message: string; fix: string }

export type Suppressions = { list: readonly Suppression[]; misread: readonly Misread[] }

/** Of a repository; beyond, comments are not read, and their findings stay. */
const suppressionCountMax = 10_000

export const readSuppressions = async (
  tree: Tree,
  rules: readonly Rule[],
): Promise<Suppressions> => {
  const list: Suppression[] = []
  const misread: Misread[] = []
  const ids = [...families, ...rules.map(({ id }) => id)]
  for (const file of [...tree.marked].toSorted()) {
    const read = readerOf(file)
    const text = read === undefined ? undefined : await tree.read(file)
    for (const comment of read?.(text ?? '') ?? []) {
      if (list.length >= suppressionCountMax) return { list, misread }
      const found = readComment(comment, file, ids)
      if ('kind' in found) misread.push(found)
      else list.push(found)
    }
  }
  return { list, misread }
}

type Comment = { line: number; column: number; text: string; target: number; isAtHead: boolean }

const readerOf = (file: string): ((text: string) => Comment[]) | undefined => {
  const name = posix.basename(file)
  if (/\.(?:md|markdown)$/i.test(name)) return (text) => findComments(text, htmlComment)
  const isHashed =
    /\.(?:ya?ml|conf|toml|properties|alloy|dockerfile)$/i.test(name) ||
    /^(?:Dockerfile|Containerfile|Caddyfile)(?:\.|$)/i.test(name) ||
    isEnvFile(file)
  return isHashed ? (text) => findComments(text, hashComment) : undefined
}

/** What stands before the comment on its line, and what it says after the mark. */
type FindComment = (line: string) => { before: string; text: string } | undefined

const hashComment: FindComment = (line) => {
  const mark = line.indexOf(suppressionMark)
  const hash = line.lastIndexOf('#', mark)
  if (mark === -1 || hash === -1 || line.slice(hash + 1, mark).trim() !== '') return undefined
  const before = line.slice(0, hash)
  const isOwn = before === '' || before.endsWith(' ') || before.endsWith('\t')
  return isOwn ? { before, text: line.slice(mark + suppressionMark.length) } : undefined
}

const htmlComment: FindComment = (line) => {
  const mark = line.indexOf(suppressionMark)
  const open = line.lastIndexOf('<!--', mark)
  if (mark === -1 || open === -1 || line.slice(open + 4, mark).trim() !== '') return undefined
  // In inline code it is an example.
  if (line.slice(0, open).split('`').length % 2 === 0) return undefined
  const end = line.indexOf('-->', mark)
  const text = line.slice(mark + suppressionMark.length, end === -1 ? undefined : end)
  return { before: line.slice(0, open) + (end === -1 ? '' : line.slice(end + 3)), text }
}

const findComments = (text: string, find: FindComment): Comment[] => {
  const isMarkdown = find === htmlComment
  const comments: Comment[] = []
  /** Of the lines above, which speak of the next one with code. */
  let waiting: Comment[] = []
  let fence: string | undefined
  let hasCode = false
  for (const [index, line] of text.split('\n').entries()) {
    if (isMarkdown) {
      const [, mark] = /^ {0,3}(```|~~~)/.exec(line) ?? []
      if (mark !== undefined && (fence === undefined || fence === mark)) {
        fence = fence === undefined ? mark : undefined
      }
      if (fence !== undefined) continue
    }
    const found = find(line)
    const rest = (found?.before ?? line).trim()
    const isCode = rest !== '' && !isComment(rest, isMarkdown)
    if (isCode) {
      waiting.forEach((comment) => (comment.target = index + 1))
      waiting = []
    }
    if (found !== undefined) {
      const column = line.indexOf(suppressionMark) + 1
      const place = { line: index + 1, column, target: index + 1 }
      const comment = { ...place, text: found.text, isAtHead: !hasCode && !isCode }
      comments.push(comment)
      if (!isCode) waiting.push(comment)
    }
    hasCode ||= isCode
  }
  return comments
}

const isComment = (line: string, isMarkdown: boolean): boolean =>
  isMarkdown ? line.startsWith('<!--') && line.endsWith('-->') : line.startsWith('#')

const readComment = (
  { line, column, text, target, isAtHead }: Comment,
  file: string,
  ids: readonly string[],
): Suppression | Misread => {
  const at: Place = { file, line, column }
  const colon = text.indexOf(':')
  const words = (colon === -1 ? text : text.slice(0, colon)).split(/[\s,]+/).filter(Boolean)
  const reason = colon === -1 ? '' : text.slice(colon + 1).trim()
  const untilAt = words.indexOf('until')
  const rules = (untilAt === -1 ? words : words.slice(0, untilAt)).map(withoutStar)
  const until = untilAt === -1 ? undefined : words.slice(untilAt + 1).join(' ')
  const fix = `Write ${suppressionMark} family/rule: reason, or with a day: until 2027-01-31: reason`
  const misread = (kind: Misread['kind'], message: string, way = fix): Misread => ({
    ...{ ...at, kind, message, fix: way },
  })
  if (rules.length === 0) return misread('no-reason', 'The suppression names no rule')
  const named = rules.join(', ').slice(0, 200)
  if (until !== undefined && !isDay(until)) {
    return misread('no-reason', `The day of the suppression of ${named} cannot be read`)
  }
  if (reason === '') return misread('no-reason', `The suppression of ${named} gives no reason`)
  const unknown = rules.find((rule) => !ids.includes(rule))
  if (unknown !== undefined) {
    const shown = unknown.slice(0, 100)
    const way = suggest(shown, ids) ?? 'keelson gaps rules lists them'
    return misread('unknown-rule', `The suppression names ${shown}, which is no rule`, way)
  }
  return { ...at, rules, reason, until, target, isAtHead }
}

/** `health/*` is the family. */
const withoutStar = (rule: string): string => rule.replace(/\/\*$/, '')

const isDay = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`))

export type Suppressed = { finding: Finding; by: Suppression }

/** What is left, and what comments leave out; `isUsed` collects the comments that did. */
export const suppress = (
  findings: readonly Finding[],
  { list }: Suppressions,
  now: Date,
): { kept: Finding[]; suppressed: Suppressed[]; used: ReadonlySet<Suppression> } => {
  const byFile = Map.groupBy(list, ({ file }) => file)
  const used = new Set<Suppression>()
  const suppressed: Suppressed[] = []
  const kept = findings.filter((finding) => {
    const by = finding.evidence
      .flatMap((fact) => (byFile.get(fact.file) ?? []).filter((one) => speaksOf(one, fact)))
      .filter(({ rules }) => rules.some((rule) => covers(rule, finding.rule)))
    by.forEach((one) => used.add(one))
    const holding = by.find((one) => !isOver(one, now))
    if (holding !== undefined) suppressed.push({ finding, by: holding })
    return holding === undefined
  })
  return { kept, suppressed, used }
}

const speaksOf = ({ line, target, isAtHead }: Suppression, place: Place): boolean =>
  place.line === target || place.line === line || (place.line === 0 && isAtHead)

const covers = (named: string, rule: string): boolean =>
  named === rule || rule.startsWith(`${named}/`)

/** It holds for the whole of its last day, in the zone that is last to reach its end. */
const isOver = ({ until }: Suppression, now: Date): boolean =>
  until !== undefined && Date.parse(`${until}T23:59:59Z`) + 12 * 3_600_000 < now.getTime()

/** What the audit saw, for what comments say in vain. */
export type Seen = {
  /** Comments that leave something out, or would if they were not over. */
  used: ReadonlySet<Suppression>
  /** Rules that were judged. */
  ran: ReadonlySet<string>
  /** What a comment names and does not reach: found of the same service on another line. */
  missedBy: (one: Suppression) => Place | undefined
  now: Date
}

/** Cases of `suppression/…`: what comments say in vain. */
export const judgeSuppressions = (
  { list, misread }: Suppressions,
  seen: Seen,
): { rule: Rule['id']; found: Found }[] => {
  const stale = list.flatMap((one): { rule: Rule['id']; found: Found }[] => {
    const found = isOver(one, seen.now) ? judgeOver(one, seen) : judgeUnused(one, seen)
    return found === undefined ? [] : [{ rule: 'suppression/stale', found }]
  })
  const wrong = misread.map((one) => ({
    rule: `suppression/${one.kind}` as const,
    found: foundAt(one, one.message, one.fix),
  }))
  return [...stale, ...wrong]
}

/** What it would still leave out, or means to, is somebody's decision: then the comment stays. */
const judgeOver = (one: Suppression, { used, missedBy }: Seen): Found => {
  const named = one.rules.join(', ')
  const missed = missedBy(one)
  const again = 'Close the gap, or write a new day and reason'
  if (used.has(one)) {
    const message = `The suppression of ${named} ended on ${one.until}: it is over, and the finding counts again`
    return foundAt(one, message, `${again}: ${one.reason.slice(0, 200)}`, subjectOf(one))
  }
  const message = `The suppression of ${named} ended on ${one.until}`
  if (missed !== undefined) {
    const counts = `${message}: it is over, and the finding on line ${missed.line} counts again`
    return foundAt(one, counts, `${again} above line ${missed.line}`, subjectOf(one))
  }
  const fix = 'Remove the comment: there is nothing left that it would leave out'
  return { ...foundAt(one, message, fix, subjectOf(one)), edits: removalOf(one) }
}

const judgeUnused = (one: Suppression, { used, ran, missedBy }: Seen): Found | undefined => {
  const hasRun = one.rules.some((rule) => [...ran].some((id) => covers(rule, id)))
  if (used.has(one) || !hasRun) return undefined
  const message = `The suppression of ${one.rules.join(', ')} matches nothing on line ${one.target}`
  const missed = missedBy(one)
  return missed === undefined
    ? { ...foundAt(one, message, 'Remove the comment', subjectOf(one)), edits: removalOf(one) }
    : foundAt(one, message, `Move it right above line ${missed.line}`, subjectOf(one))
}

const subjectOf = ({ rules, reason }: Suppression): string => `${rules.join(', ')}: ${reason}`

/**
 * Who writes a comment above a service means all of it, and a comment speaks of one line: where else
 * in the same service stands what it names?
 */
export const missedIn =
  (findings: readonly Finding[], systems: readonly System[]): Seen['missedBy'] =>
  ({ rules, file, target }) => {
    const services = systems
      .flatMap((system) => [...system.services.values()])
      .filter(({ at }) => at.file === file && at.line <= target)
    const last = Math.max(0, ...services.map(({ at }) => at.line))
    const names = new Set(services.filter(({ at }) => at.line === last).map(({ name }) => name))
    return findings
      .filter(
        ({ rule, service }) =>
          rules.some((named) => covers(named, rule)) && names.has(service ?? ''),
      )
      .flatMap(
        ({ evidence }) => evidence.find((fact) => fact.file === file && fact.line > 0) ?? [],
      )[0]
  }

/** Of what runs an audit may have seen nothing: then nobody knows whether the comment is in vain. */
const removalOf = ({ file, line, rules }: Suppression): readonly Edit[] =>
  rules.some((rule) => rule === 'running' || rule.startsWith('running/'))
    ? []
    : [{ kind: 'uncomment', file, line }]

/** The message names a line, which moves: what tells two of them apart is what they say. */
const foundAt = (at: Place, message: string, fix: string, subject?: string): Found => {
  const { file, line, column } = at
  const evidence: Found['evidence'] = [factAt({ file, line, column }, suppressionMark)]
  return { message, evidence, fix, ...(subject === undefined ? {} : { subject }) }
}
