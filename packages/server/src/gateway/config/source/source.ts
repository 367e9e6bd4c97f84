import { isAlias, isMap, isScalar, isSeq, parseDocument, visit } from 'yaml'
import type { Document, Node, Tags } from 'yaml'
import type { ConfigPath } from '../faults.ts'
import { jsonPositions } from './json-positions.ts'
import { readPlainYaml } from './plain-yaml.ts'
import { createPositionRecorder, type Positions } from './positions.ts'

/** A text as a value, with places made on demand; or why it is none. */
export type ParsedSource =
  | { value: unknown; positions: () => Positions }
  | { errors: readonly { offset: number; message: string }[] }

/** JSON or YAML 1.1 (the version libyaml reads for Kong), with merge keys. */
export const parseSource = (text: string): ParsedSource => {
  const parsed = parseAny(text)
  if ('errors' in parsed) return parsed
  const path: (string | number)[] = []
  const fault = faultIn(parsed.value, path)
  if (fault === null) return parsed
  return {
    errors: [{ offset: parsed.positions().offsetOf(path, fault.isOfKey), message: fault.message }],
  }
}

/** Configurations have a dozen levels; whoever walks a value needs a bound, also for its cycles. */
const deepest = 64

type SourceFault = { message: string; isOfKey: boolean }

const tooDeep = {
  message: `This is nested more than ${deepest} levels deep, or contains itself.`,
  isOfKey: false,
}
const noText = 'This text has NUL or half a character, which nothing can keep.'

const isWholeText = (text: string): boolean => !text.includes('\0') && text.isWellFormed()

/** What nobody who walks a value is to meet; leaves in `path` where it is. */
const faultIn = (value: unknown, path: (string | number)[]): SourceFault | null => {
  if (typeof value === 'string') {
    return isWholeText(value) ? null : { message: noText, isOfKey: false }
  }
  if (typeof value !== 'object' || value === null) return null
  if (path.length >= deepest) return tooDeep
  const isList = Array.isArray(value)
  for (const [key, member] of Object.entries(value)) {
    path.push(isList ? Number(key) : key)
    const isOfKey = !isWholeText(key)
    const fault = isOfKey ? { message: noText, isOfKey } : faultIn(member, path)
    if (fault !== null) return fault
    path.pop()
  }
  return null
}

const parseAny = (text: string): ParsedSource => {
  if (text.trimStart().startsWith('{')) {
    const json = parseJson(text)
    if (json !== undefined) return { value: json.value, positions: () => jsonPositions(text) }
  }
  const plain = readPlainYaml(text)
  if (plain === undefined) return parseYaml(text)
  return {
    value: plain.value,
    positions: () => {
      const recorder = createPositionRecorder()
      readPlainYaml(text, recorder)
      return recorder
    },
  }
}

const parseJson = (text: string): { value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) }
  } catch {
    // YAML in flow style, or JSON with a mistake: the YAML reader says where.
    return undefined
  }
}

/** An alias may stand for much; as often as this is people, more is a bomb. */
const aliasCountMax = 20_000
/** Kong's reader leaves dates and sets as texts and maps. */
const unwantedTags = /:(?:timestamp|set|omap|pairs|binary)$/

const toDocument = (text: string): Document => {
  const document = parseDocument(text, {
    version: '1.1',
    merge: true,
    prettyErrors: false,
    logLevel: 'silent',
    customTags: (tags: Tags) =>
      tags.filter((tag) => typeof tag === 'string' || !unwantedTags.test(tag.tag)),
  })
  visit(document, {
    Pair: (_, { key }) => keepWritten(key),
    // The library takes `e5` for a number of YAML 1.1, and then for none.
    Scalar: (_, node) => {
      if (Number.isNaN(node.value) && !/nan$/i.test(node.source ?? '')) node.value = node.source
    },
  })
  return document
}

/** Keys are names, whatever YAML 1.1 takes `on`, `no` and `y` for. */
const keepWritten = (key: unknown): void => {
  if (!isScalar(key) || key.source === undefined) return
  if (['boolean', 'number'].includes(typeof key.value) || key.value === null) key.value = key.source
}

/** At a megabyte a second, more would hold up everything else (2026-11). */
export const wholeYamlLengthMax = 16 * 1024 * 1024

const tooDeepForYaml = 'It is nested too deeply.'

/** The whole of YAML, at the speed of it. */
export const parseYaml = (text: string): ParsedSource => {
  if (text.length > wholeYamlLengthMax) {
    const message =
      'Anchors, tags and texts over several lines are read in files of at most 16 MB; this one is larger than 16 MB.'
    return { errors: [{ offset: 0, message }] }
  }
  try {
    const document = toDocument(text)
    if (document.errors.length > 0) {
      return {
        errors: document.errors.map((error) => ({
          offset: error.pos[0],
          message: error.message.includes('call stack')
            ? tooDeepForYaml
            : `This is not YAML: ${sentence(error.message)}`,
        })),
      }
    }
    const value: unknown = document.toJS({ maxAliasCount: aliasCountMax })
    return { value, positions: () => positionsOf(document) }
  } catch (error) {
    // Nested deeper than the stack, or aliases that multiply.
    const reason = error instanceof RangeError ? tooDeepForYaml : sentence(String(error))
    return { errors: [{ offset: 0, message: `This YAML cannot be read. ${reason}` }] }
  }
}

const sentence = (message: string): string => {
  const clean = message.replace(/^\w*Error: /, '').trim()
  return clean.endsWith('.') ? clean : `${clean}.`
}

const positionsOf = (document: Document): Positions => ({
  offsetOf(path: ConfigPath, atKey = false) {
    let node: Node | null | undefined = document.contents
    let offset = node?.range?.[0] ?? 0
    for (const [index, step] of path.entries()) {
      const resolved: unknown = isAlias(node) ? node.resolve(document) : node
      const next = memberOf(resolved, step)
      if (next === undefined) break
      offset = (atKey && index === path.length - 1 ? next.keyAt : next.value?.range?.[0]) ?? offset
      node = next.value
    }
    return offset
  },
})

const memberOf = (
  node: unknown,
  step: string | number,
): { keyAt: number | undefined; value: Node | null } | undefined => {
  if (isSeq<Node>(node)) {
    const item = typeof step === 'number' ? node.items[step] : undefined
    return item === undefined ? undefined : { keyAt: item.range?.[0], value: item }
  }
  if (!isMap<Node, Node | null>(node)) return undefined
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
  return pair === undefined ? undefined : { keyAt: pair.key.range?.[0], value: pair.value }
}
