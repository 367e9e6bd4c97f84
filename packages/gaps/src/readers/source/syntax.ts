import type { Node } from '@vscode/tree-sitter-wasm'
import type { Place } from '../../place.ts'

/** A call, a constructor, an annotation or an attribute, whatever the language. */
export type Call = {
  node: Node
  /** What is called, as written: `app.get`, `http.ListenAndServe`. */
  callee: string
  /** Its last name: `get`. */
  name: string
  /** What stands before the last name: `app`; '' when nothing does. */
  owner: string
  args: readonly Node[]
  named: ReadonlyMap<string, Node>
}

const callTypes = new Set([
  ...['call_expression', 'new_expression', 'call', 'method_invocation'],
  ...['object_creation_expression', 'invocation_expression', 'annotation', 'attribute'],
])

const calleeFields = ['function', 'constructor', 'name', 'type'] as const

export const placeOf = (file: string, { startPosition }: Node): Place => ({
  file,
  line: startPosition.row + 1,
  column: startPosition.column + 1,
})

export const isComment = ({ type }: Node): boolean => type.endsWith('comment')

/** The parents from the nearest outwards, at most `count`. */
export function* parentsOf(node: Node, count: number): Generator<Node> {
  let parent = node.parent
  for (let step = 0; step < count && parent !== null; step += 1) {
    yield parent
    parent = parent.parent
  }
}

export const children = (node: Node): Node[] =>
  node.namedChildren.filter((child) => child !== null && !isComment(child)) as Node[]

/** The call whose callee ends with the name at this node. */
export const callOf = (name: Node): Call | undefined => {
  for (const parent of parentsOf(name, 5)) {
    if (!callTypes.has(parent.type)) continue
    const callee = calleeNode(parent)
    // Python's `a.b` is an "attribute" as well, and C#'s attributes are calls.
    if (callee === undefined) continue
    const isCallee = name.startIndex >= callee.startIndex && name.endIndex <= callee.endIndex
    // `a.get(x).post(y)`: the name must be the last of its callee.
    if (isCallee && lastNameEnd(callee) === name.endIndex) return readCall(parent, callee)
    if (!isCallee) return undefined
  }
  return undefined
}

const calleeNode = (call: Node): Node | undefined => {
  if (call.type === 'attribute' && call.childForFieldName('object') !== null) return undefined
  for (const field of calleeFields) {
    const found = call.childForFieldName(field)
    if (found !== null) return found
  }
  return undefined
}

/** Type arguments follow the name: `app.get<Query>('/x')`, `GetValue<int>("X")`. */
const lastNameEnd = (callee: Node): number => {
  const text = callee.text
  const generic = text.endsWith('>') ? text.indexOf('<') : -1
  return generic > 0 ? callee.startIndex + generic : callee.endIndex
}

export const readCall = (node: Node, callee = calleeNode(node)): Call | undefined => {
  if (callee === undefined || !callTypes.has(node.type)) return undefined
  const object = node.type === 'method_invocation' ? node.childForFieldName('object') : null
  const own = callee.text.replace(/<.*$/s, '')
  const text = object === null ? own : `${object.text}.${own}`
  const dot = text.lastIndexOf('.')
  const list =
    node.childForFieldName('arguments') ??
    node.namedChildren.find((child) => child?.type.endsWith('argument_list') === true)
  const args: Node[] = []
  const named = new Map<string, Node>()
  for (const child of list === null || list === undefined ? [] : children(list)) {
    const pair = readPair(child)
    if (pair !== undefined) named.set(pair.name, pair.value)
    else
      args.push(
        /^(?:attribute_)?argument$/.test(child.type) ? (children(child)[0] ?? child) : child,
      )
  }
  const short = (part: string): string => (part.length > 200 ? part.slice(-200) : part)
  return {
    ...{ node, args, named },
    ...{
      callee: short(text),
      name: text.slice(dot + 1),
      owner: short(text.slice(0, Math.max(dot, 0))),
    },
  }
}

/** `port=80`, `value = "/x"`, `Template: "x"`. */
const readPair = (node: Node): { name: string; value: Node } | undefined => {
  if (node.type === 'argument' || node.type === 'attribute_argument') {
    const parts = children(node)
    const [first, second] = parts
    if (first === undefined) return undefined
    return second === undefined || !/identifier|name/.test(first.type)
      ? undefined
      : { name: first.text.replace(/\s*[:=]$/, ''), value: second }
  }
  if (node.type !== 'keyword_argument' && node.type !== 'element_value_pair') return undefined
  const name = node.childForFieldName('name') ?? node.childForFieldName('key')
  const value = node.childForFieldName('value')
  return name === null || value === null ? undefined : { name: name.text, value }
}

/** The value of a key of an object literal, a keyed literal of Go, a dict. */
export const valueOfKey = (object: Node | undefined, key: string): Node | undefined => {
  if (object === undefined) return undefined
  for (const pair of children(object).slice(0, 100)) {
    const name = pair.childForFieldName('key') ?? pair.childForFieldName('left')
    const value = pair.childForFieldName('value') ?? pair.childForFieldName('right')
    if (name !== null && value !== null && unquote(name.text) === key) return unwrap(value)
    const [first, second] = children(pair)
    if (first?.text === key && second !== undefined) return unwrap(second)
    if (pair.type === 'shorthand_property_identifier' && pair.text === key) return pair
  }
  return undefined
}

/** Go puts each value of a keyed literal into a node of its own. */
const unwrap = (node: Node): Node =>
  node.type === 'literal_element' ? (children(node)[0] ?? node) : node

const unquote = (text: string): string => text.replace(/^["'`]|["'`]$/g, '')

const stringTypes = new Set([
  ...['string', 'template_string', 'string_literal', 'interpreted_string_literal'],
  ...['raw_string_literal', 'verbatim_string_literal', 'interpolated_string_expression'],
])

export const isString = (node: Node): boolean => stringTypes.has(node.type)

/** The string a node is in or is: probes meet its content, its quotes or itself. */
export const stringAround = (node: Node): Node | undefined => {
  if (isString(node)) return node
  return [...parentsOf(node, 3)].find((parent) => isString(parent))
}

/** What a string without substitutions says. Escapes stay as written: hosts and names have none. */
export const stringText = (node: Node | undefined): string | undefined => {
  if (node === undefined || !isString(node)) return undefined
  if (node.endIndex - node.startIndex > 2000) return undefined
  if (children(node).some(({ type }) => substitution.test(type))) return undefined
  return /^[@$a-zA-Z]{0,3}("""|'''|["'`])([\s\S]*)\1$/.exec(node.text)?.[2]
}

export const substitution = /^(?:template_substitution|interpolation)$/
