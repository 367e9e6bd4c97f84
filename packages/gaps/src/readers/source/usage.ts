import type { Node } from '@vscode/tree-sitter-wasm'
import { evaluate } from './evaluate.ts'
import type { VariableRead } from './environment.ts'
import { parentsOf, readCall } from './syntax.ts'

/** What is around a reading tells what happens when the variable is not set. */
export const judgeUsage = (node: Node, read: VariableRead): VariableRead => {
  if (read.default !== undefined || read.isRequired || read.isOptional) return read
  let inner = node
  for (const parent of parentsOf(node, 8)) {
    const use = useIn(parent, inner)
    if (use === 'stop') return read
    if (use !== undefined) return { ...read, ...use }
    inner = parent
  }
  return read
}

type Use = Partial<VariableRead> | 'stop' | undefined

const useIn = (parent: Node, inner: Node): Use => {
  const { type } = parent
  if (/^(?:binary_expression|boolean_operator|comparison_operator)$/.test(type)) {
    return useInOperator(parent, inner)
  }
  if (/^(?:ternary_expression|conditional_expression)$/.test(type)) return { isOptional: true }
  if (/^(?:unary_expression|not_operator)$/.test(type)) return useInTest(parent)
  if (/^(?:if_statement|while_statement|prefix_unary_expression)$/.test(type)) {
    return useInTest(parent)
  }
  if (/declarator|assignment|declaration$|^field_definition$/.test(type)) {
    return useOfName(parent)
  }
  if (/^(?:member_expression|attribute|method_invocation)$/.test(type)) {
    return useOfMember(parent, inner)
  }
  if (/arguments|argument_list/.test(type)) return useInArguments(parent, inner)
  return /statement$|^block$|pair$|arrow_function/.test(type) ? 'stop' : undefined
}

const useInOperator = (parent: Node, inner: Node): Use => {
  const operator = parent.childForFieldName('operator')?.text
  const left = parent.childForFieldName('left')
  const isLeft = left !== null && inner.startIndex === left.startIndex
  if (operator === '+') return undefined
  if (!/^(?:\|\||\?\?|or)$/.test(operator ?? '')) return useInTest(parent)
  if (!isLeft) return { isOptional: true }
  const { text } = evaluate(parent.childForFieldName('right') ?? undefined)
  return text === undefined ? { isOptional: true } : { default: text }
}

const fails = /\b(?:throw|panic|raise|Fatal\w*|exit|Exit|abort|die|assert|errors\.New|Errorf)\b/

/** `if (!process.env.X) throw …` cannot do without; any other question can. */
const useInTest = (node: Node): Partial<VariableRead> => {
  const statement =
    node.type === 'if_statement'
      ? node
      : [...parentsOf(node, 5)].find(({ type }) => type === 'if_statement')
  const body = statement?.childForFieldName('consequence')
  return fails.test(body?.text.slice(0, 400) ?? '') ? { isRequired: true } : { isOptional: true }
}

/** After `const x = process.env.X`: does somebody ask whether x is there, or give it a value? */
const useOfName = (declaration: Node): Use => {
  const name = (
    declaration.childForFieldName('name') ??
    declaration.childForFieldName('left') ??
    declaration.childForFieldName('pattern')
  )?.text
    .split(',')[0]
    ?.trim()
  if (name === undefined || !/^[\w.]{1,60}$/.test(name)) return 'stop'
  const root = declaration.tree.rootNode
  const end = declaration.endIndex - root.startIndex
  const after = root.text.slice(end, end + 2000)
  const own = name.replaceAll('.', '\\.')
  const test = new RegExp(
    `(?:(?:!|\\bnot )\\(?${own}\\b|\\b${own} ?(?:[!=]=+|is(?: not)?) ?(?:""|''|nil|None|null|undefined)|IsNullOr\\w+\\(${own}\\)|\\b(?:if|elif|unless|while) ?\\(?${own}\\b|\\b${own}(?:\\?\\.| \\?| ?&&| ?\\|\\|| \\?\\?| or ))`,
  ).exec(after)
  if (test === null) return 'stop'
  const then = after.slice(test.index + test[0].length, test.index + 200)
  const given = new RegExp(`\\b${own} ?= ?["'\`]([^"'\`\\n]{0,200})["'\`]`).exec(then)
  if (given?.[1] !== undefined) return { default: given[1] }
  return fails.test(then) ? { isRequired: true } : { isOptional: true }
}

const useOfMember = (parent: Node, inner: Node): Use => {
  if (/^.{0,300}\?\.\w+$/s.test(parent.text.slice(inner.text.length))) return { isOptional: true }
  if (parent.type !== 'method_invocation') return undefined
  const call = readCall(parent)
  if (call === undefined || !/^or(?:Else\w*)$/.test(call.name)) return undefined
  if (call.name === 'orElseThrow') return { isRequired: true }
  const { text } = evaluate(call.args[0])
  return text === undefined ? { isOptional: true } : { default: text }
}

/** `notNull(System.getenv("X"))` refuses; what any other function does with it is not known. */
const useInArguments = (list: Node, inner: Node): Use => {
  const call = list.parent === null ? undefined : readCall(list.parent)
  if (call === undefined || inner.startIndex < list.startIndex) return 'stop'
  if (/^(?:requireNonNull|checkNotNull|invariant|assert|ThrowIfNull)$/.test(call.name)) {
    return { isRequired: true }
  }
  if (/^(?:Boolean|bool|isset|IsNullOrEmpty|IsNullOrWhiteSpace|len)$/.test(call.name)) {
    return { isOptional: true }
  }
  return undefined
}

