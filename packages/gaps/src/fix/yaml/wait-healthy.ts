import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { Scalar, YAMLSeq } from 'yaml'
import { EditRefused } from '../edit.ts'
import { setValue } from './set-value.ts'
import {
  columnOf,
  findPair,
  isEmpty,
  rangeOf,
  walkDown,
  type KeyedPair,
  type OpenDocument,
} from './open-document.ts'
import { lineEndAt, lineStart, type Splice } from './splice.ts'

const healthy = 'service_healthy'
const widthMax = 100

/** `depends_on` waits until the targets are healthy; the others are waited for as before. */
export const waitHealthy = (
  open: OpenDocument,
  service: string,
  targets: readonly string[],
): Splice[] => {
  const keys = ['services', service, 'depends_on']
  const { pair, depth } = walkDown(open, keys)
  const value = pair?.value
  if (pair === undefined || depth < keys.length || value === null || value === undefined) {
    throw new EditRefused(`the file has no depends_on of ${service}`)
  }
  if (isMap(value)) {
    return targets.flatMap((target) => {
      const below = findPair(value, target)?.value
      if (below === undefined) throw new EditRefused(`${target} is not in depends_on here`)
      if (!isMap(below)) throw new EditRefused(`depends_on.${target} is no mapping`)
      return setValue(open, [...keys, target, 'condition'], healthy)
    })
  }
  if (!isSeq(value)) throw new EditRefused('depends_on is neither a list nor a mapping')
  const items = value.items.map((item) => {
    if (isAlias(item) || !isScalar(item) || isEmpty(item) || item.anchor !== undefined) {
      throw new EditRefused('an item of depends_on is no plain name')
    }
    return item
  })
  const names = items.map((item) => String(item.value))
  const missing = targets.find((target) => !names.includes(target))
  if (missing !== undefined) throw new EditRefused(`${missing} is not in depends_on here`)
  if (new Set(names).size < names.length) throw new EditRefused('depends_on names a service twice')
  const conditionOf = (item: Scalar) =>
    targets.includes(String(item.value)) ? healthy : 'service_started'
  return value.flow === true
    ? flowSplices(open, pair, value, items, conditionOf)
    : blockSplices(open, pair, items, conditionOf)
}

type ConditionOf = (item: Scalar) => string

/** `- db  # why` becomes `db:  # why` with its condition on a line of its own. */
const blockSplices = (
  open: OpenDocument,
  { key }: KeyedPair,
  items: readonly Scalar[],
  conditionOf: ConditionOf,
): Splice[] => {
  const { text, style } = open
  const parent = columnOf(open, rangeOf(key)[0])
  return items.flatMap((item) => {
    const [start, end] = rangeOf(item)
    const dash = text.lastIndexOf('-', start - 1)
    const before = text.slice(lineStart(text, dash), dash)
    if (before.trim() !== '' || before.includes('\t')) {
      throw new EditRefused('an item of depends_on is not on a line of its own')
    }
    const indent = before.length > parent ? before.length : parent + style.step
    const lineEnd = text.indexOf('\n', end)
    const rest = lineEnd === -1 ? text.length : lineEnd - (text[lineEnd - 1] === '\r' ? 1 : 0)
    const name = text.slice(start, end)
    const condition = `${' '.repeat(indent + style.step)}condition: ${conditionOf(item)}`
    return [
      { from: dash - before.length, to: end, by: `${' '.repeat(indent)}${name}:` },
      { from: rest, to: rest, by: `${lineEndAt(text, end)}${condition}` },
    ]
  })
}

/** `[db, cache]` becomes `{ db: { condition: … }, … }`; a long line becomes several. */
const flowSplices = (
  open: OpenDocument,
  { key }: KeyedPair,
  list: YAMLSeq,
  items: readonly Scalar[],
  conditionOf: ConditionOf,
): Splice[] => {
  const { text, style } = open
  const [from, to] = rangeOf(list)
  const written = text.slice(from, to)
  const [keyStart, keyEnd] = rangeOf(key)
  const column = columnOf(open, keyStart)
  const isJson = text[keyStart] === '"'
  const splices = items.map((item): Splice => {
    const [, at] = rangeOf(item)
    const condition = isJson
      ? `"condition": "${conditionOf(item)}"`
      : `condition: ${conditionOf(item)}`
    return { from: at, to: at, by: `: { ${condition} }` }
  })
  const isOneLine = !written.includes('\n')
  const added = splices.reduce((sum, { by }) => sum + by.length, 0)
  const start = lineStart(text, from)
  const isOwnLine = text.slice(start, from).trim() === `${text.slice(keyStart, keyEnd)}:`
  if (isOneLine && isOwnLine && !isJson && from - start + written.length + added > widthMax) {
    const eol = lineEndAt(text, to)
    const lines = items.flatMap((item) => {
      const indent = ' '.repeat(column + style.step)
      return [
        `${indent}${text.slice(rangeOf(item)[0], rangeOf(item)[1])}:`,
        `${indent}${' '.repeat(style.step)}condition: ${conditionOf(item)}`,
      ]
    })
    const rest = /^[ \t]*(?=#|\r?\n|$)/.exec(text.slice(to))
    if (rest?.[0] !== undefined && text[to + rest[0].length] !== '#') {
      const blank = /[ \t]*$/.exec(text.slice(start, from))?.[0].length ?? 0
      return [{ from: from - blank, to, by: eol + lines.join(eol) }]
    }
  }
  const pad = isOneLine && written[1] !== ' ' ? ' ' : ''
  return [{ from, to: from + 1, by: `{${pad}` }, ...splices, { from: to - 1, to, by: `${pad}}` }]
}
