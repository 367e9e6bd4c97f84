import { isMap, isScalar, isSeq, visit } from 'yaml'
import type { Document, LineCounter } from 'yaml'
import type { Written } from '../edit.ts'

/** How a file is written, to write like it. */
export type Style = {
  /** Blanks of one level. */
  step: number
  quote: '"' | "'"
  /** Are items of a list further right than the key above them? */
  isListIndented: boolean
}

export const styleOf = (text: string, document: Document, lines: LineCounter): Style => {
  const steps = new Map<number, number>()
  const quotes = { '"': 0, "'": 0 }
  const lists = { indented: 0, level: 0 }
  const columnOf = (offset: number) => lines.linePos(offset).col
  visit(document, {
    Scalar: (_, { range }) => {
      const first = text[range?.[0] ?? 0]
      if (first === '"' || first === "'") quotes[first] += 1
    },
    Pair: (_, { key, value }) => {
      if (!isScalar(key) || key.range === undefined || key.range === null) return
      const below: unknown =
        isMap(value) && value.flow !== true
          ? value.items[0]?.key
          : isSeq(value) && value.flow !== true
            ? value
            : undefined
      if (!(isScalar(below) || isSeq(below)) || !below.range) return
      const step = columnOf(below.range[0]) - columnOf(key.range[0])
      if (isSeq(below)) lists[step > 0 ? 'indented' : 'level'] += 1
      else if (step > 0) steps.set(step, (steps.get(step) ?? 0) + 1)
    },
  })
  const [step = 2] = [...steps].toSorted((a, b) => b[1] - a[1])[0] ?? []
  return {
    ...{ step: Math.min(step, 8), quote: quotes["'"] > quotes['"'] ? "'" : '"' },
    isListIndented: lists.indented >= lists.level,
  }
}

const plain = /^(?:[A-Za-z_/][\w./-]*|\d+[A-Za-z][\w]*)$/
/** Words that YAML 1.1 or 1.2 takes for something else than a text. */
const taken = /^(?:true|false|yes|no|on|off|null|y|n|\d+e\d+|0x[\da-f]+|0o\d+|\.inf|\.nan)$/i

/** In the file's quotes, unless the other ones need no escapes. */
const quoted = (text: string, quote: Style['quote']): string => {
  const isPlainInSingle = !/['\n\r\t]/.test(text)
  const isPlainInDouble = !/["\\\n\r\t]/.test(text)
  return isPlainInSingle && (quote === "'" || !isPlainInDouble) ? `'${text}'` : JSON.stringify(text)
}

export const scalarText = (value: string | number | boolean, { quote }: Style): string =>
  typeof value !== 'string' || (plain.test(value) && !taken.test(value))
    ? String(value)
    : quoted(value, quote)

/** On one line, as inside of `{ … }`. Texts of a list are quoted, as commands usually are. */
export const flowText = (value: Written, style: Style, isJson = false): string => {
  if (Array.isArray(value)) {
    const items = (value as readonly Written[]).map((item) =>
      typeof item === 'string'
        ? isJson
          ? JSON.stringify(item)
          : quoted(item, style.quote)
        : flowText(item, style, isJson),
    )
    return `[${items.join(', ')}]`
  }
  if (typeof value === 'object') {
    const pairs = Object.entries(value).map(
      ([key, below]) => `${keyText(key, style, isJson)}: ${flowText(below, style, isJson)}`,
    )
    return `{ ${pairs.join(', ')} }`
  }
  return isJson ? JSON.stringify(value) : scalarText(value, style)
}

export const keyText = (key: string, style: Style, isJson = false): string =>
  isJson ? JSON.stringify(key) : scalarText(key, style)

/** `key: value` over as many lines as it takes, without indentation of the first. */
export const pairLines = (key: string, value: Written, style: Style): string[] => {
  const head = `${keyText(key, style)}:`
  if (Array.isArray(value)) {
    const items = value as readonly Written[]
    const isOfTexts = items.every((item) => typeof item !== 'object')
    if (isOfTexts) return [`${head} ${flowText(value, style)}`]
    const indent = ' '.repeat(style.isListIndented ? style.step : 0)
    return [head, ...items.flatMap((item) => itemLines(item, style)).map((line) => indent + line)]
  }
  if (typeof value !== 'object') return [`${head} ${scalarText(value, style)}`]
  const below = Object.entries(value).flatMap(([name, child]) => pairLines(name, child, style))
  return below.length === 0
    ? [`${head} {}`]
    : [head, ...below.map((line) => ' '.repeat(style.step) + line)]
}

/** `- item` over as many lines as it takes. */
export const itemLines = (item: Written, style: Style): string[] => {
  if (Array.isArray(item) || typeof item !== 'object') return [`- ${flowText(item, style)}`]
  const lines = Object.entries(item).flatMap(([key, value]) => pairLines(key, value, style))
  return lines.map((line, at) => (at === 0 ? `- ${line}` : `  ${line}`))
}
