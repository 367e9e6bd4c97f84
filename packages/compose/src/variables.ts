import { findClosingBrace, readName } from './template.ts'

/** A variable a document uses, as `docker compose config --variables` lists it. */
export type VariableUse = {
  /** What `${NAME:-default}` gives; empty without one. */
  default: string
  /** What `${NAME:+presence}` gives; empty without one. */
  presence: string
  /** `${NAME?}` and `${NAME:?}`. */
  required: boolean
}

/** Defaults may hold variables that hold defaults; as deep as interpolation follows them. */
const nestingMax = 50

/** Every variable in the texts of plain data, by name; of two uses of one name the last counts. */
export function listVariables(document: unknown): Record<string, VariableUse> {
  const found = new Map<string, VariableUse>()
  const walk = (value: unknown): void => {
    if (typeof value === 'string') scan(value, found, 0)
    else if (Array.isArray(value)) value.forEach(walk)
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk)
  }
  walk(document)
  return Object.fromEntries(found)
}

function scan(text: string, found: Map<string, VariableUse>, depth: number): void {
  if (depth > nestingMax) return
  // Once a brace has none that closes it, no later one has: looked for once, not once for each.
  let isOpen = false
  for (let at = text.indexOf('$'); at !== -1; at = text.indexOf('$', at)) {
    const next = text[at + 1]
    if (next === '$') {
      at += 2
      continue
    }
    const end: number = next === '{' && !isOpen ? findClosingBrace(text, at + 1) : -1
    isOpen ||= next === '{' && end === -1
    const name = readName(text, end === -1 ? at + 1 : at + 2)
    if (name !== '') {
      const rest = end === -1 ? '' : text.slice(at + 2 + name.length, end)
      const use = readUse(rest)
      scan(use.default, found, depth + 1)
      scan(use.presence, found, depth + 1)
      found.set(name, use)
    }
    at = end === -1 ? at + 1 + name.length : end + 1
  }
}

function readUse(rest: string): VariableUse {
  const bare = rest.startsWith(':') ? rest.slice(1) : rest
  const argument = bare.slice(1)
  return {
    default: bare.startsWith('-') ? argument : '',
    presence: bare.startsWith('+') ? argument : '',
    required: bare.startsWith('?'),
  }
}
