import { join } from 'node:path'
import { suggest } from '@keelson/compose'
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml'
import { families, type Finding, type Rule, type Severity } from '../rules/rule.ts'
import { OwnFileRefused, readOwnFile } from '../tree/own-files.ts'
import type { ReadText } from '../tree/read-text.ts'
import { createGlobs } from './glob.ts'
import { GapsInputError, type InputFault } from './input-error.ts'

export const settingsFile = '.keelson/gaps.yaml'

const failOns = ['error', 'warning', 'never'] as const
export type FailOn = (typeof failOns)[number]

const levels = ['off', 'on', 'error', 'warning', 'info'] as const
type Level = (typeof levels)[number]

/** What a repository says about its own audit, in `.keelson/gaps.yaml`. */
export type Settings = {
  /** By rule (`health/no-check`) or family (`health`); the rule wins. */
  rules: ReadonlyMap<string, { set: Level; reason: string }>
  leaveOut: readonly string[]
  failOn: FailOn | undefined
}

const noSettings: Settings = { rules: new Map(), leaveOut: [], failOn: undefined }
const sizeLimitBytes = 256 * 1024

/** Throws GapsInputError with every fault and its place. */
export const readSettings = async (root: string, rules: readonly Rule[]): Promise<Settings> => {
  const file = join(root, settingsFile)
  let found: ReadText | undefined
  try {
    found = await readOwnFile(root, settingsFile, sizeLimitBytes)
  } catch (error) {
    throw new GapsInputError([{ file, line: 0, column: 0, ...faultOf(error) }])
  }
  if (found === undefined) return noSettings
  if (found === 'binary' || found === 'too large') {
    const message = `is not a text file of at most ${sizeLimitBytes} bytes`
    throw new GapsInputError([{ file, line: 0, column: 0, message }])
  }
  return parseSettings(file, found.text, rules)
}

const faultOf = (error: unknown): { message: string; hint?: string } => {
  if (error instanceof OwnFileRefused) {
    return { message: error.message, hint: 'put a regular file there, or take it away' }
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return { message: `cannot be read: ${code}` }
}

export const parseSettings = (file: string, text: string, rules: readonly Rule[]): Settings => {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter })
  const faults: InputFault[] = []
  const complain: Complain = (at, message, hint) => {
    const { line, col } = lineCounter.linePos(at ?? 0)
    faults.push({ file, line, column: col, message, ...(hint === undefined ? {} : { hint }) })
  }
  for (const { pos, message } of document.errors) complain(pos[0], message.split('\n')[0] ?? '')
  const found = faults.length === 0 ? readTop(document.contents, complain, rules) : noSettings
  if (faults.length > 0) throw new GapsInputError(faults)
  return found
}

type Complain = (at: number | undefined, message: string, hint?: string) => void
type Entry = { key: string; at: number | undefined; value: Node | null }

const readTop = (top: Node | null, complain: Complain, rules: readonly Rule[]): Settings => {
  const settings: { -readonly [Key in keyof Settings]: Settings[Key] } = { ...noSettings }
  for (const { key, at, value } of entriesOf(top, complain)) {
    if (key === 'rules') settings.rules = readRules(value, complain, rules)
    else if (key === 'leave-out') settings.leaveOut = readPaths(value, complain)
    else if (key === 'fail-on') settings.failOn = readWord(value, failOns, complain)
    else unknownKey(key, at, ['rules', 'leave-out', 'fail-on'], complain)
  }
  return settings
}

const readRules = (node: Node | null, complain: Complain, rules: readonly Rule[]) => {
  const ids: readonly string[] = [...families, ...rules.map(({ id }) => id)]
  const found = new Map<string, { set: Level; reason: string }>()
  for (const { key, at, value } of entriesOf(node, complain)) {
    if (!ids.includes(key)) {
      complain(at, `there is no rule ${key}`, suggest(key, ids) ?? 'keelson gaps rules lists them')
      continue
    }
    let set: Level | undefined
    let reason = ''
    for (const entry of entriesOf(value, complain)) {
      if (entry.key === 'set') set = readWord(entry.value, levels, complain)
      else if (entry.key === 'reason') reason = textOf(entry.value) ?? ''
      else unknownKey(entry.key, entry.at, ['set', 'reason'], complain)
    }
    if (set === undefined) complain(at, `${key}: set is missing`, `write set: ${levels.join(', ')}`)
    if (reason.trim() === '') complain(at, `${key}: reason is missing`, 'say why, for who reads it')
    if (set !== undefined) found.set(key, { set, reason })
  }
  return found
}

/** Each is asked at each of up to 50,000 paths. */
const patternCountMax = 200
const patternLengthMax = 300

const readPaths = (node: Node | null, complain: Complain): string[] => {
  if (!isSeq(node)) {
    complain(node?.range?.[0], 'leave-out must be a list of paths', 'leave-out: [legacy/**]')
    return []
  }
  const beyond = node.items[patternCountMax] as Node | undefined
  if (beyond !== undefined) {
    const message = `leave-out has ${node.items.length} paths, more than ${patternCountMax}`
    complain(beyond.range?.[0], message, 'name the folders above them')
    return []
  }
  return node.items.flatMap((item) => {
    const path = textOf(item as Node) ?? ''
    if (path !== '' && path.length <= patternLengthMax) return [path]
    const which = path === '' ? '' : ` of at most ${patternLengthMax} characters`
    complain((item as Node).range?.[0], `must be a path${which}, * and ** allowed`)
    return []
  })
}

const readWord = <Word extends string>(
  node: Node | null,
  words: readonly Word[],
  complain: Complain,
): Word | undefined => {
  const text = textOf(node) ?? ''
  const word = words.find((one) => one === text)
  if (word === undefined) {
    const hint = suggest(text, words) ?? `write one of ${words.join(', ')}`
    complain(node?.range?.[0], `must be one of ${words.join(', ')}`, hint)
  }
  return word
}

const textOf = (node: Node | null): string | undefined =>
  isScalar(node) && typeof node.value === 'string' ? node.value : undefined

/** Of a mapping; an empty value has none. */
const entriesOf = (node: Node | null, complain: Complain): Entry[] => {
  if (node === null || (isScalar(node) && node.value === null)) return []
  if (isMap(node)) {
    return node.items.map(({ key, value }) => {
      const name = key as Node | null
      return {
        key: textOf(name) ?? String(name),
        at: name?.range?.[0],
        value: value as Node | null,
      }
    })
  }
  complain(node.range?.[0], isAlias(node) ? 'aliases are not read here' : 'must be a mapping')
  return []
}

const unknownKey = (
  key: string,
  at: number | undefined,
  known: readonly string[],
  complain: Complain,
): void =>
  complain(at, `unknown key ${key}`, suggest(key, known) ?? `the keys are ${known.join(', ')}`)

/** A finding as the settings want it; undefined when they leave it out. */
export const applySettings = (finding: Finding, { rules }: Settings): Finding | undefined => {
  const own = rules.get(finding.rule)?.set
  const family = rules.get(finding.rule.split('/')[0] ?? '')?.set
  const level = own ?? family ?? 'on'
  if (level === 'off') return undefined
  return level === 'on' ? finding : { ...finding, severity: level satisfies Severity }
}

export const leavesOut = ({ leaveOut }: Settings): ((path: string) => boolean) =>
  createGlobs(leaveOut)
