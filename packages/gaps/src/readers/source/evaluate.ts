import type { Node, Tree } from '@vscode/tree-sitter-wasm'
import { readVariable } from './environment.ts'
import { judgeUsage } from './usage.ts'
import { children, isString, parentsOf, readCall, stringText, substitution } from './syntax.ts'

/** What an expression comes to, as far as the file tells: `"0.0.0.0:" + (PORT || "80")`. */
export type Value = {
  /** Its value when nothing is set; undefined: not known. */
  text: string | undefined
  /** The environment variable it is from. */
  variable: string | undefined
}

const unknown: Value = { text: undefined, variable: undefined }

/** Steps into names and parts; configuration that is built deeper is not known. */
const depthMax = 8

export const evaluate = (node: Node | undefined, depth = 0): Value => {
  if (node === undefined || depth > depthMax) return unknown
  const variable = readVariable(node)
  if (variable !== undefined) {
    return { text: judgeUsage(node, variable, evaluate).default, variable: variable.name }
  }
  const below = (child: Node | null | undefined): Value => evaluate(child ?? undefined, depth + 1)
  switch (node.type) {
    case 'number':
    case 'integer':
    case 'int_literal':
    case 'decimal_integer_literal':
    case 'integer_literal':
      return { text: node.text.replaceAll('_', ''), variable: undefined }
    case 'parenthesized_expression':
    case 'as_expression':
    case 'non_null_expression':
    case 'expression_list':
    case 'literal_element':
      return below(children(node)[0])
    case 'unary_expression':
      return node.text.startsWith('+') ? below(children(node)[0]) : unknown
    case 'binary_expression':
    case 'binary_operator':
    case 'boolean_operator':
      return evaluateOperator(node, below)
    case 'identifier':
      return evaluateName(node, below)
    case 'call_expression':
    case 'call':
    case 'method_invocation':
    case 'invocation_expression':
      return evaluateCall(node, below)
    default:
      return isString(node) ? evaluateString(node, below) : unknown
  }
}

type Below = (child: Node | null | undefined) => Value

const evaluateOperator = (node: Node, below: Below): Value => {
  const operator = node.childForFieldName('operator')?.text
  const left = below(node.childForFieldName('left'))
  const right = below(node.childForFieldName('right'))
  const variable = left.variable ?? right.variable
  if (operator === '||' || operator === '??' || operator === 'or') {
    return { text: left.text ?? right.text, variable }
  }
  if (operator !== '+' || left.text === undefined || right.text === undefined) {
    return { text: undefined, variable }
  }
  return { text: left.text + right.text, variable }
}

const conversions =
  /^(?:parseInt|Number|String|int|str|float|Integer\.(?:parseInt|valueOf)|int\.Parse|Atoi|strconv\.Atoi|toString|trim|TrimSpace|strings\.TrimSpace|Sprintf|fmt\.Sprintf|Optional\.ofNullable)$/

const evaluateCall = (node: Node, below: Below): Value => {
  const call = readCall(node)
  const [first, ...rest] = call?.args ?? []
  if (call === undefined || first === undefined || !conversions.test(call.callee)) return unknown
  if (call.name !== 'Sprintf') return below(first)
  const values = rest.map(below)
  const variable = values.find((value) => value.variable !== undefined)?.variable
  const known = values.every(({ text }) => text !== undefined)
  let index = 0
  const text = stringText(first)?.replace(/%[svdq]/g, () => values[index++]?.text ?? '')
  return { text: known ? text : undefined, variable }
}

const evaluateString = (node: Node, below: Below): Value => {
  const plain = stringText(node)
  if (plain !== undefined) return { text: plain, variable: undefined }
  const parts = children(node).filter(({ type }) => substitution.test(type))
  let text = node.text.replace(/^[@$a-zA-Z]{0,3}(?:"""|'''|["'`])|(?:"""|'''|["'`])$/g, '')
  let variable: string | undefined
  let isKnown = parts.length <= 5
  for (const part of parts.slice(0, 5)) {
    const value = below(children(part)[0])
    variable ??= value.variable
    if (value.text === undefined) isKnown = false
    else text = text.replace(part.text, () => value.text ?? '')
  }
  return { text: isKnown ? text : undefined, variable }
}

/** Each looks through the whole text; a file made of names must not take minutes. */
const lookupCountMax = 300
const lookups = new WeakMap<Tree, number>()

/**
 * A name that gets its value in this file: `const port = …`, `PORT = …`, `port := …`. Given twice,
 * it depends on what runs, unless it is a variable with a default: `if port == "" { port = "80" }`.
 */
const evaluateName = (name: Node, below: Below): Value => {
  const root = name.tree.rootNode
  const count = (lookups.get(name.tree) ?? 0) + 1
  lookups.set(name.tree, count)
  if (count > lookupCountMax || !/^\w{1,60}$/.test(name.text)) return unknown
  const definition = new RegExp(
    `(?:^|[\\s;({])${name.text}\\s*(?::\\s*\\w{1,30}\\s*)?:?=(?![=>])\\s*`,
    'g',
  )
  const found = [...root.text.matchAll(definition)]
    .slice(0, 5)
    // The root begins with the first token, not with the file.
    .map((match) => root.startIndex + match.index + match[0].length)
    .map((at) => root.namedDescendantForIndex(at, at))
    .flatMap((start) => (start === null ? [] : (expressionAt(start) ?? [])))
  const [first] = found
  if (first === undefined || found.length > 3) return unknown
  const value = below(first)
  return found.length > 1 && value.variable === undefined ? unknown : value
}

const holders = new Set([
  ...['variable_declarator', 'assignment', 'short_var_declaration', 'const_spec', 'var_spec'],
  ...['assignment_expression', 'assignment_statement', 'public_field_definition'],
])

/** From the first word of a value to all of it; undefined when it is an argument: `run(port=80)`. */
const expressionAt = (start: Node): Node | undefined => {
  let node = start
  for (const parent of parentsOf(start, 12)) {
    if (holders.has(parent.type)) return node
    if (parent.startIndex < start.startIndex) return undefined
    node = parent
  }
  return undefined
}

export const portOf = (text: string | undefined): number | undefined => {
  const digits = text === undefined ? undefined : /^(?:.*:)?(\d{1,5})$/.exec(text.trim())?.[1]
  const port = digits === undefined ? undefined : Number(digits)
  return port !== undefined && port > 0 && port < 65_536 ? port : undefined
}
