/** A variable's value and, when known, where it was defined. */
export type Lookup = (name: string) => string | undefined

/** Why a text cannot be interpolated. `variable` is set for `required`. */
export class TemplateError extends Error {
  readonly kind: 'invalid' | 'required' | 'too_long'
  readonly variable: string | undefined

  constructor(kind: TemplateError['kind'], message: string, variable?: string) {
    super(message)
    this.name = 'TemplateError'
    this.kind = kind
    this.variable = variable
  }
}

export type Substitution = {
  value: string
  /** Names that had a value and were put in, in reading order. */
  used: string[]
  /** Names that had no value and no default: each became an empty string. */
  unset: string[]
  /** Uses whose default was put in, as they are written without it: `${PORT:-…}`. */
  defaulted: string[]
}

/** Defaults may hold variables that hold defaults; nobody nests them 50 deep by hand. */
const nestingMax = 50

const operators = [':-', ':?', ':+', '-', '?', '+'] as const
type Operator = (typeof operators)[number]

/**
 * Compose interpolation: `$V`, `${V}`, `${V:-d}` `${V-d}` `${V:?e}` `${V?e}` `${V:+x}` `${V+x}`,
 * nested in the part after the operator (evaluated only when used), `$$` for a dollar sign.
 * A `$` before anything else stays as it is.
 *
 * Source: compose-spec 12-interpolation.md and compose-go template/template.go.
 * Throws TemplateError.
 */
export function substitute(template: string, lookup: Lookup, lengthMax = 1 << 20): Substitution {
  const result: Substitution = { value: '', used: [], unset: [], defaulted: [] }
  result.value = expand(template, 0)
  return result

  function expand(text: string, depth: number): string {
    if (depth > nestingMax) throw invalid(template)
    const parts: string[] = []
    let length = 0
    const push = (part: string) => {
      length += part.length
      if (length > lengthMax) {
        throw new TemplateError('too_long', `the value grows beyond ${lengthMax} characters`)
      }
      parts.push(part)
    }
    let from = 0
    for (;;) {
      const dollar = text.indexOf('$', from)
      if (dollar === -1) break
      push(text.slice(from, dollar))
      const next = text[dollar + 1]
      if (next === '$') {
        push('$')
        from = dollar + 2
      } else if (next === '{') {
        const end = findClosingBrace(text, dollar + 1)
        if (end === -1) throw invalid(template)
        push(expandBraced(text.slice(dollar + 2, end), depth))
        from = end + 1
      } else {
        const name = readName(text, dollar + 1)
        push(name === '' ? '$' : plain(name))
        from = dollar + 1 + name.length
      }
    }
    push(text.slice(from))
    return parts.join('')
  }

  function expandBraced(inner: string, depth: number): string {
    const name = readName(inner, 0)
    if (name === '') throw invalid(template)
    const rest = inner.slice(name.length)
    if (rest === '') return plain(name)
    const operator = operators.find((candidate) => rest.startsWith(candidate))
    if (operator === undefined) throw invalid(template)
    return apply(operator, name, rest.slice(operator.length), depth)
  }

  function apply(operator: Operator, name: string, argument: string, depth: number): string {
    const value = lookup(name)
    const present = operator.startsWith(':')
      ? value !== undefined && value !== ''
      : value !== undefined
    if (value !== undefined) result.used.push(name)
    if (operator.endsWith('+')) return present ? expand(argument, depth + 1) : ''
    if (present) return value ?? ''
    if (operator.endsWith('-')) {
      // A default may be a password: a note about it must not carry it elsewhere.
      result.defaulted.push(`\${${name}${operator}…}`)
      return expand(argument, depth + 1)
    }
    const reason = expand(argument, depth + 1)
    const message = `required variable ${name} is missing a value`
    throw new TemplateError('required', reason === '' ? message : `${message}: ${reason}`, name)
  }

  function plain(name: string): string {
    const value = lookup(name)
    ;(value === undefined ? result.unset : result.used).push(name)
    return value ?? ''
  }
}

function invalid(template: string): TemplateError {
  const shown = template.length > 80 ? `${template.slice(0, 80)}…` : template
  return new TemplateError('invalid', `Invalid template: ${JSON.stringify(shown)}`)
}

const nameAt = /[_a-zA-Z][_a-zA-Z0-9]*/y

export function readName(text: string, from: number): string {
  nameAt.lastIndex = from
  return nameAt.exec(text)?.[0] ?? ''
}

/**
 * The brace that closes the one at `open`. Braces of a default count too (`${A:-{"json":1}}`); when
 * they do not balance, the last one of the text closes, as in compose-go.
 */
export function findClosingBrace(text: string, open: number): number {
  let depth = 0
  for (let index = open; index < text.length; index++) {
    if (text[index] === '{') depth++
    else if (text[index] === '}' && --depth === 0) return index
  }
  return text.lastIndexOf('}') > open ? text.lastIndexOf('}') : -1
}
