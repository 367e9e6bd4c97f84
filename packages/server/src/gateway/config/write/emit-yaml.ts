import { isPlainKey, plainScalar } from '../source/plain-scalar.ts'
import { isRecord } from '../schema/shape.ts'

/** YAML of plain values, in block style, with short lists on one line. */
export const emitYaml = (value: Readonly<Record<string, unknown>>): string => {
  const lines: string[] = []
  emitMap(value, '', lines)
  return `${lines.join('\n')}\n`
}

const flowLengthMax = 76

const emitMap = (
  map: Readonly<Record<string, unknown>>,
  indent: string,
  lines: string[],
  firstIndent = indent,
): void => {
  let start = firstIndent
  for (const [key, value] of Object.entries(map)) {
    emitMember(`${start}${keyText(key)}:`, value, indent, lines)
    start = indent
  }
}

const emitMember = (start: string, value: unknown, indent: string, lines: string[]): void => {
  if (Array.isArray(value) && value.length > 0) {
    const flow = flowList(value)
    if (flow !== null && start.length + flow.length <= flowLengthMax) lines.push(`${start} ${flow}`)
    else {
      lines.push(start)
      for (const item of value) emitItem(item, `${indent}  `, lines)
    }
  } else if (isRecord(value) && Object.keys(value).length > 0) {
    lines.push(start)
    emitMap(value, `${indent}  `, lines)
  } else emitScalar(start, value, `${indent}  `, lines)
}

const emitItem = (item: unknown, indent: string, lines: string[]): void => {
  if (isRecord(item) && Object.keys(item).length > 0) {
    emitMap(item, `${indent}  `, lines, `${indent}- `)
  } else if (Array.isArray(item) && item.length > 0) {
    emitMember(`${indent}-`, item, indent, lines)
  } else emitScalar(`${indent}-`, item, `${indent}  `, lines)
}

/** Lines of printable text: a PEM, mostly. */
const literal = /^[!-~][ -~]*\n(?:[!-~][ -~]*\n)*$/

const emitScalar = (start: string, value: unknown, indent: string, lines: string[]): void => {
  if (typeof value === 'string' && literal.test(value) && !/ \n/.test(value)) {
    lines.push(`${start} |`)
    for (const line of value.slice(0, -1).split('\n')) lines.push(`${indent}${line}`)
  } else lines.push(`${start} ${scalarText(value)}`)
}

const flowList = (list: readonly unknown[]): string | null => {
  const texts: string[] = []
  for (const item of list) {
    if (typeof item === 'object' && item !== null) return null
    texts.push(scalarText(item, plainInFlow))
  }
  return `[${texts.join(', ')}]`
}

const plainInBlock = /^[\w/][\w./@+*=-]*(?::[\w./@+*=-]+)*$/
const plainInFlow = /^[\w/][\w./-]*$/

const scalarText = (value: unknown, plain = plainInBlock): string => {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return '[]'
  if (typeof value === 'object') return '{}'
  if (typeof value !== 'string') return numberText(value)
  const isPlain = plain.test(value) && plainScalar(value) === value && !exponent.test(value)
  return isPlain ? value : quoted(value)
}

/** `e5` is a number to some readers of YAML 1.1. */
const exponent = /^e[-+]?\d+$/i

/** `1e21` and the like are texts to some readers. */
const numberText = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'null'
  return /^-?\d+e/.test(text) ? text.replace('e', '.0e') : text
}

/** What JSON leaves as it is and YAML does not. */
const unprintable = /[\u007f-\u009f\u2028\u2029\ufeff]/g

const quoted = (text: string): string =>
  JSON.stringify(text).replaceAll(
    unprintable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

const plainKey = /^[A-Za-z_][\w./-]*$/

const keyText = (key: string): string =>
  plainKey.test(key) && isPlainKey(key) && !exponent.test(key) ? key : quoted(key)
