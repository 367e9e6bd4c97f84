import type { Report } from './diagnostics.ts'
import { describeKind, isNull } from './node.ts'
import type { MapNode, Node, ScalarNode } from './node.ts'
import { suggest } from './suggestion.ts'
import { parseBytes, parseDurationMs } from './units.ts'

/** What a value may look like. `either` chooses by the kind of the value, so errors stay exact. */
export type Shape =
  | {
      is: 'string'
      oneOf?: readonly string[]
      legal?: RegExp
      legalHint?: string
      /** A number or a boolean is as good as its text. */
      loose?: boolean
      /** `service:x` is as good as one of `oneOf`. */
      orService?: boolean
    }
  | { is: 'text' }
  | { is: 'boolean' }
  | { is: 'number'; min?: number; max?: number; whole?: boolean }
  | { is: 'duration' }
  | {
      is: 'bytes'
      /** -1 is "no limit". */
      unlimited?: boolean
      /** A bare number is refused, as the specification does here. */
      asText?: boolean
    }
  | { is: 'anything' }
  | { is: 'list'; of: Shape; unique?: boolean }
  | { is: 'record'; of: Shape; nullable?: boolean; key?: RegExp }
  | ObjectShape
  | { is: 'either'; scalar?: Shape; list?: Shape; map?: Shape; called: string }

export type ObjectShape = {
  is: 'object'
  keys: Readonly<Record<string, Shape>>
  required?: readonly string[]
  /** Keys that may be empty; an empty value of another key is refused, as Compose does. */
  nullable?: readonly string[] | 'all'
  /** `x-*` keys are refused. */
  closed?: boolean
}

/**
 * Is every key known, and does every value have the shape the specification gives it?
 */
export function checkShape(
  root: Node,
  shape: Shape,
  report: Report,
  path: readonly string[] = [],
): void {
  const trail: (string | number)[] = [...path]
  check(root, shape)

  function within(key: string | number, node: Node, shape: Shape): void {
    trail.push(key)
    check(node, shape)
    trail.pop()
  }

  function wrong(node: Node, expected: string, hint?: string): void {
    const message = `${trail.join('.')} must be ${expected}, not ${describeKind(node)}`
    const way = hint ?? (isNull(node) ? 'give it a value, or leave the key out' : undefined)
    report.error('wrong_type', node.at, message, way)
  }

  function check(node: Node, shape: Shape): void {
    switch (shape.is) {
      case 'anything':
        return
      case 'either': {
        const option = shape[node.kind]
        if (option === undefined || isNull(node)) wrong(node, shape.called)
        else check(node, option)
        return
      }
      case 'object':
        return node.kind === 'map' ? checkObject(node, shape) : wrong(node, 'a mapping')
      case 'record':
        return node.kind === 'map' ? checkRecord(node, shape) : wrong(node, 'a mapping')
      case 'list':
        return node.kind === 'list'
          ? node.items.forEach((item, index) => within(index, item, shape.of))
          : wrong(node, 'a list')
      case 'string':
      case 'text':
      case 'boolean':
      case 'number':
      case 'duration':
      case 'bytes':
        return checkScalar(node, shape)
    }
  }

  function checkObject(node: MapNode, shape: ObjectShape): void {
    const { nullable = [] } = shape
    for (const { key, keyAt, value } of node.entries.values()) {
      const keyShape = Object.hasOwn(shape.keys, key) ? shape.keys[key] : undefined
      if (keyShape !== undefined) {
        const isAbsent = isNull(value) && (nullable === 'all' || nullable.includes(key))
        if (!isAbsent && value.mark !== 'reset') within(key, value, keyShape)
      } else if (shape.closed === true || !key.startsWith('x-')) {
        const where = trail.length === 0 ? '' : `${trail.join('.')}: `
        const message = `${where}additional properties '${key}' not allowed`
        report.error('unknown_key', keyAt, message, wayOut(key, shape))
      }
    }
    for (const key of shape.required ?? []) {
      const value = node.entries.get(key)?.value
      if (value !== undefined) continue
      report.error('missing_key', node.at, `${trail.join('.')}: missing property '${key}'`)
    }
  }

  function checkRecord(node: MapNode, shape: Extract<Shape, { is: 'record' }>): void {
    for (const { key, keyAt, value } of node.entries.values()) {
      if (shape.key !== undefined && !shape.key.test(key)) {
        const message = `${trail.join('.')}: the name '${key}' is not allowed`
        report.error('bad_name', keyAt, message, 'use letters, digits, ".", "_" and "-"')
      }
      if (value.mark === 'reset' || (isNull(value) && shape.nullable === true)) continue
      within(key, value, shape.of)
    }
  }

  function checkScalar(node: Node, shape: ScalarShape): void {
    if (node.kind !== 'scalar' || node.value === null) return wrong(node, expectation(shape))
    switch (shape.is) {
      case 'string':
        if (typeof node.value !== 'string' && shape.loose !== true) {
          return wrong(node, expectation(shape), quoteHint(node))
        }
        return checkString(node, shape)
      case 'text':
        return
      case 'boolean':
        if (parseBoolean(node) === undefined) wrongValue(node, shape)
        return
      case 'number':
        if (!isNumberWithin(node, shape)) wrongValue(node, shape)
        return
      case 'duration':
        if (parseDurationMs(node.text) !== undefined) return
        return wrongValue(node, shape, 'a number with a unit: 500ms, 30s, 1m30s, 2h')
      case 'bytes':
        if (shape.unlimited === true && node.text === '-1') return
        if (shape.asText === true && typeof node.value === 'number') {
          return wrong(node, 'a string', quoteHint(node))
        }
        if (parseBytes(node.text) !== undefined && !isFraction(node)) return
        return wrongValue(node, shape, 'a number with a unit: 64m, 1.5g, 512kb')
    }
  }

  function checkString(node: ScalarNode, shape: Extract<Shape, { is: 'string' }>): void {
    if (shape.orService === true && node.text.startsWith('service:')) return
    if (shape.oneOf !== undefined && !shape.oneOf.includes(node.text)) {
      const hint = suggest(node.text, shape.oneOf) ?? `one of ${shape.oneOf.join(', ')}`
      wrongValue(node, shape, hint)
    } else if (shape.legal !== undefined && !shape.legal.test(node.text)) {
      wrongValue(node, shape, shape.legalHint, 'well formed')
    }
  }

  function wrongValue(
    node: ScalarNode,
    shape: ScalarShape,
    hint?: string,
    expected = expectation(shape),
  ): void {
    const shown = node.text.length > 60 ? `${node.text.slice(0, 60)}…` : node.text
    const message = `${trail.join('.')} must be ${expected}, not ${JSON.stringify(shown)}`
    report.error('bad_value', node.at, message, hint)
  }
}

/** The nearest key; of a closed mapping, which has few, all of them when none is near. */
function wayOut(key: string, { keys, closed }: ObjectShape): string | undefined {
  const known = Object.keys(keys)
  return suggest(key, known) ?? (closed === true ? `one of ${known.join(', ')}` : undefined)
}

type ScalarShape = Exclude<Shape, { is: 'anything' | 'either' | 'object' | 'record' | 'list' }>

function expectation(shape: ScalarShape): string {
  switch (shape.is) {
    case 'string':
      return shape.oneOf === undefined ? 'a string' : `one of ${shape.oneOf.join(', ')}`
    case 'text':
      return 'a boolean, null, number or string'
    case 'boolean':
      return 'a boolean'
    case 'duration':
      return 'a duration'
    case 'bytes':
      return 'a size'
    case 'number': {
      const kind = shape.whole === true ? 'an integer' : 'a number'
      if (shape.min !== undefined && shape.max !== undefined) {
        return `${kind} from ${shape.min} to ${shape.max}`
      }
      return shape.min === undefined ? kind : `${kind} greater than or equal to ${shape.min}`
    }
  }
}

/** `1.5g` is a size, the bare number 1.5 is not. */
function isFraction(node: ScalarNode): boolean {
  return typeof node.value === 'number' && !Number.isInteger(node.value)
}

function quoteHint(node: ScalarNode): string {
  return `put it in quotes: "${node.written ?? node.text}"`
}

/** YAML's own booleans, and the older spellings Compose still takes where a boolean is meant. */
export function parseBoolean(node: ScalarNode): boolean | undefined {
  if (typeof node.value === 'boolean') return node.value
  const text = node.text.toLowerCase()
  if (['true', 'y', 'yes', 'on'].includes(text)) return true
  if (['false', 'n', 'no', 'off'].includes(text)) return false
  return undefined
}

function isNumberWithin(node: ScalarNode, shape: Extract<Shape, { is: 'number' }>): boolean {
  if (typeof node.value === 'boolean' || !/^[-+]?(\d+\.?\d*|\.\d+)$/.test(node.text)) return false
  const number = Number(node.text)
  if (shape.whole === true && !Number.isSafeInteger(number)) return false
  return number >= (shape.min ?? -Infinity) && number <= (shape.max ?? Infinity)
}
