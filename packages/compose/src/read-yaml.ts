import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml'
import type { Document, Node as YamlNode, Pair, Scalar, YAMLMap } from 'yaml'
import type { Origin, Report } from './diagnostics.ts'
import type { Limits } from './limits.ts'
import type { Entry, MapNode, Node, Provenance, ScalarNode } from './node.ts'
import { formatDate, readNumber } from './yaml-scalars.ts'

/**
 * Stage 1: text to tree. Aliases are expanded, merge keys (`<<`, also repeated, also `!!merge`)
 * applied, and every value knows its line and column. Errors: YAML syntax, duplicate and non-string
 * keys, undefined or cyclic aliases, bounds.
 *
 * One tree for each YAML document of the text, to be merged in their order; none for an empty
 * text, none after an error.
 */
export function readYaml(file: string, text: string, limits: Limits, report: Report): MapNode[] {
  const lines = new LineCounter()
  const documents = parseDocuments(text, lines)
  if (documents === undefined) {
    const message = `nested deeper than ${limits.depthMax} levels`
    report.error('too_deep', { file, line: 1, column: 1 }, message)
    return []
  }
  const reader = createReader({ file, lines, limits, report })
  return reader.read(documents)
}

type YamlDocument = Document.Parsed

function parseDocuments(text: string, lines: LineCounter): YamlDocument[] | undefined {
  try {
    // uniqueKeys is off because repeated `<<` is legal; duplicates are reported below, with places.
    // intAsBigInt keeps numbers above 2^53 exact (a numeric password, for one).
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      uniqueKeys: false,
      intAsBigInt: true,
      merge: false,
      prettyErrors: false,
      logLevel: 'silent',
    })
    return Array.isArray(parsed) ? parsed : []
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

type ReaderContext = { file: string; lines: LineCounter; limits: Limits; report: Report }

function createReader({ file, lines, limits, report }: ReaderContext) {
  let nodeCount = 0
  let full = false
  /** `null` while the anchored node is still being read: an alias to it would be a cycle. */
  let anchors = new Map<string, Node | null>()

  const originAt = (offset: number | undefined): Origin => {
    const { line, col } = lines.linePos(offset ?? 0)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const originOf = (node: { range?: readonly number[] | null } | null | undefined) =>
    originAt(node?.range?.[0])

  const count = (at: Origin): boolean => {
    if (++nodeCount <= limits.nodeCountMax) return true
    if (!full) {
      const cause = anchors.size > 0 ? 'excessive aliasing' : 'excessive size'
      const message = `${cause}: more than ${limits.nodeCountMax} values once expanded`
      report.error('too_many_values', at, message, 'split the file or use fewer aliases')
    }
    full = true
    return false
  }

  /** No process can be given the one, no file of UTF-8 holds the other. */
  const isWholeText = (text: string, at: Origin): boolean => {
    if (!text.includes('\0') && text.isWellFormed()) return true
    const hint = String.raw`remove the escape \0, \x00, \ud800 or the like`
    report.error('bad_text', at, 'this text has NUL or half a character', hint)
    return false
  }

  const nullAt = (at: Origin): ScalarNode => ({
    kind: 'scalar',
    value: null,
    text: '',
    at,
    via: [],
    from: [],
  })

  function readNode(node: unknown, fallback: Origin, depth: number): Node {
    if (depth > limits.depthMax) {
      report.error('too_deep', fallback, `nested deeper than ${limits.depthMax} levels`)
      return nullAt(fallback)
    }
    if (isAlias(node)) return readAlias(node.source, originOf(node))
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return nullAt(fallback)
    const at = node.range === undefined || node.range === null ? fallback : originOf(node)
    if (!count(at)) return nullAt(at)
    const anchor = node.anchor
    if (anchor !== undefined) anchors.set(anchor, null)
    const content = readContent(node, at, depth)
    const mark = node.tag === '!reset' ? 'reset' : node.tag === '!override' ? 'override' : undefined
    const read = mark === undefined ? content : ({ ...content, mark } as const)
    if (anchor !== undefined) anchors.set(anchor, read)
    return read
  }

  function readContent(node: YamlNode, at: Origin, depth: number): Node {
    if (isMap(node)) return readMap(node, at, depth)
    if (isSeq(node)) {
      const items = node.items.map((item) => readNode(item, at, depth + 1))
      return { kind: 'list', items, at, via: [], from: [] }
    }
    return readScalar(node as Scalar, at)
  }

  function readAlias(name: string, at: Origin): Node {
    const target = anchors.get(name)
    if (target === null) {
      report.error('alias_cycle', at, `cycle detected: *${name} is used inside of its own anchor`)
      return nullAt(at)
    }
    if (target === undefined) {
      const message = `unknown alias *${name}: no anchor &${name} before this line`
      report.error('unknown_alias', at, message)
      return nullAt(at)
    }
    return copyThrough(target, { ...at, note: `alias *${name}` }, `anchor ${name}`)
  }

  /** A copy that says it came through `use` and was written under `anchorNote`. */
  function copyThrough(node: Node, use: Origin, anchorNote: string | undefined): Node {
    if (!count(use)) return nullAt(use)
    const at =
      node.at.note === undefined && anchorNote !== undefined
        ? { ...node.at, note: anchorNote }
        : node.at
    const marked = node.mark === undefined ? {} : { mark: node.mark }
    const provenance: Provenance = { at, via: [use, ...node.via], from: node.from, ...marked }
    if (node.kind === 'scalar') return { ...node, ...provenance }
    if (node.kind === 'list') {
      const items = node.items.map((item) => copyThrough(item, use, anchorNote))
      return { kind: 'list', items, ...provenance }
    }
    const entries = new Map<string, Entry>()
    for (const [key, entry] of node.entries) {
      if (full) break
      entries.set(key, { ...entry, value: copyThrough(entry.value, use, anchorNote) })
    }
    return { kind: 'map', entries, ...provenance }
  }

  function readMap(map: YAMLMap, at: Origin, depth: number): MapNode {
    const entries = new Map<string, Entry>()
    const merges: Node[] = []
    for (const pair of map.items) {
      if (full) break
      if (isMergeKey(pair.key)) {
        merges.push(...readMergeValue(pair, originOf(pair.key as Scalar), depth))
        continue
      }
      const key = readKey(pair, at)
      if (key === undefined) continue
      const earlier = entries.get(key.text)
      if (earlier !== undefined) {
        const message = `mapping key "${key.text}" already defined at line ${earlier.keyAt.line}`
        report.error('duplicate_key', key.at, message, 'keep one of the two')
        continue
      }
      const value = readNode(pair.value, key.at, depth + 1)
      entries.set(key.text, { key: key.text, keyAt: key.at, value })
    }
    applyMerges(entries, merges)
    return { kind: 'map', entries, at, via: [], from: [] }
  }

  function readKey(pair: Pair, at: Origin): { text: string; at: Origin } | undefined {
    const node = isAlias(pair.key) ? readAlias(pair.key.source, originOf(pair.key)) : undefined
    const keyAt = originOf(pair.key as YamlNode | null) ?? at
    const value = node === undefined ? (isScalar(pair.key) ? pair.key.value : pair.key) : node
    const text = typeof value === 'string' ? value : node?.kind === 'scalar' ? node.value : value
    if (typeof text === 'string') return isWholeText(text, keyAt) ? { text, at: keyAt } : undefined
    const shown = isScalar(pair.key) ? (pair.key.source ?? String(text)) : 'a mapping or list'
    report.error('key_not_string', keyAt, `non-string key: ${shown}`, 'put the key in quotes')
    return undefined
  }

  function readMergeValue(pair: Pair, at: Origin, depth: number): MapNode[] {
    const value = readNode(pair.value, at, depth + 1)
    const sources = value.kind === 'list' ? value.items : [value]
    const maps = sources.filter((source) => source.kind === 'map')
    if (maps.length !== sources.length) {
      const where = sources.find((source) => source.kind !== 'map')
      const message = 'map merge requires map or sequence of maps as the value'
      report.error('bad_merge', where?.via[0] ?? where?.at ?? at, message)
    }
    return maps
  }

  /** YAML merge: what is written wins over what is merged, an earlier source over a later one. */
  function applyMerges(entries: Map<string, Entry>, merges: Node[]): void {
    for (const source of merges) {
      if (source.kind !== 'map') continue
      for (const [key, entry] of source.entries) {
        if (!entries.has(key)) entries.set(key, entry)
      }
    }
  }

  function readScalar(node: Scalar, at: Origin): ScalarNode {
    const source = typeof node.source === 'string' ? node.source : ''
    const base = { kind: 'scalar', at, via: [], from: [] } as const
    const { value } = node
    if (value === null || value === undefined) return { ...base, value: null, text: '' }
    if (typeof value === 'string') {
      if (!isWholeText(value, at)) return nullAt(at)
      const date = node.type === 'PLAIN' && node.tag === undefined ? formatDate(value) : undefined
      if (date !== undefined) return { ...base, value: date, text: date, written: value }
      return { ...base, value, text: value }
    }
    if (typeof value === 'boolean') return spelled({ ...base, value, text: String(value) }, source)
    if (typeof value !== 'number' && typeof value !== 'bigint') {
      const message = `the tag ${node.tag ?? ''} has no meaning in a compose file`
      report.error('bad_tag', at, message, 'remove the tag')
      return { ...base, value: source, text: source }
    }
    const number = readNumber(value, source)
    return spelled({ ...base, value: number.value, text: number.text }, source)
  }

  return {
    read(documents: YamlDocument[]): MapNode[] {
      for (const document of documents) {
        for (const error of document.errors) {
          const at = originAt(error.pos[0])
          // the parser is recursive and reports its own exhausted stack as a syntax error
          if (/call stack|stack overflow/i.test(error.message)) {
            report.error('too_deep', at, `nested deeper than ${limits.depthMax} levels`)
            break
          }
          report.error('yaml_syntax', at, firstLine(error.message))
        }
      }
      if (documents.some((document) => document.errors.length > 0)) return []
      const roots: MapNode[] = []
      for (const document of documents.filter(hasContent)) {
        anchors = new Map()
        const root = readNode(document.contents, { file, line: 1, column: 1 }, 0)
        if (root.kind === 'map') roots.push(root)
        else report.error('top_level_not_mapping', root.at, 'top-level object must be a mapping')
      }
      return roots
    },
  }
}

/** A plain `<<`, or any key tagged `!!merge`; a quoted `"<<"` is an ordinary key. */
function isMergeKey(key: unknown): boolean {
  if (!isScalar(key)) return false
  if (key.tag === 'tag:yaml.org,2002:merge') return true
  return key.value === '<<' && key.type === 'PLAIN'
}

function hasContent(document: YamlDocument): boolean {
  const { contents } = document
  if (contents === null) return false
  return !(isScalar(contents) && contents.value === null && !contents.source)
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message
}

function spelled(node: ScalarNode, source: string): ScalarNode {
  return source === '' || source === node.text ? node : { ...node, written: source }
}
