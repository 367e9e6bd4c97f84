import type { Node } from '@vscode/tree-sitter-wasm'
import type { VariableRead } from './environment.ts'
import { parentsOf, readCall } from './syntax.ts'

type Evaluate = (node: Node | undefined) => { text: string | undefined }

/** What is around a reading tells what happens when the variable is not set. */
export const judgeUsage = (node: Node, read: VariableRead, evaluate: Evaluate): VariableRead => {
  if (read.default !== undefined || read.isRequired || read.isOptional) return read
  let inner = node
  for (const parent of parentsOf(node, 8)) {
    const fate = fateIn(parent, inner, evaluate)
    if (fate === 'stop') return read
    if (fate !== undefined) return { ...read, ...fate }
    inner = parent
  }
  return read
}

type Fate = Partial<VariableRead> | 'stop' | undefined

const fateIn = (parent: Node, inner: Node, evaluate: Evaluate): Fate => {
  const { type } = parent
  if (/^(?:binary_expression|boolean_operator|comparison_operator)$/.test(type)) {
    return fateInOperator(parent, inner, evaluate)
  }
  if (/^(?:ternary_expression|conditional_expression)$/.test(type)) return { isOptional: true }
  if (/^(?:unary_expression|not_operator)$/.test(type)) return fateInTest(parent)
  if (/^(?:if_statement|while_statement|prefix_unary_expression)$/.test(type)) {
    return fateInTest(parent)
  }
  if (/declarator|assignment|declaration$|^field_definition$/.test(type)) {
    return fateOfName(parent)
  }
  if (/^(?:member_expression|attribute|method_invocation)$/.test(type)) {
    return fateOfMember(parent, inner, evaluate)
  }
  if (/arguments|argument_list/.test(type)) return fateInArguments(parent, inner)
  return /statement$|^block$|pair$|arrow_function/.test(type) ? 'stop' : undefined
}

const fateInOperator = (parent: Node, inner: Node, evaluate: Evaluate): Fate => {
  const operator = parent.childForFieldName('operator')?.text
  const left = parent.childForFieldName('left')
  const isLeft = left !== null && inner.startIndex === left.startIndex
  if (operator === '+') return undefined
  if (!/^(?:\|\||\?\?|or)$/.test(operator ?? '')) return fateInTest(parent)
  if (!isLeft) return { isOptional: true }
  const { text } = evaluate(parent.childForFieldName('right') ?? undefined)
  return text === undefined ? { isOptional: true } : { default: text }
}

const fails = /\b(?:throw|panic|raise|Fatal\w*|exit|Exit|abort|die|assert|errors\.New|Errorf)\b/

/** Does the question ask for absence? `!x`, `x == ""`, `x is None`; not `x != null`. */
const asksForAbsence =
  /!(?!=)|\bnot (?!None)|(?<!!)==+ ?(?:""|''|nil|null|undefined|None)|\bis None\b|IsNullOr/

/** `if (!process.env.X) throw …` cannot do without; any other question can. */
const fateInTest = (node: Node): Partial<VariableRead> => {
  const statement =
    node.type === 'if_statement'
      ? node
      : [...parentsOf(node, 5)].find(({ type }) => type === 'if_statement')
  const condition = statement?.childForFieldName('condition')?.text.slice(0, 400) ?? ''
  const body = statement?.childForFieldName('consequence')?.text.slice(0, 400) ?? ''
  const isRefused = asksForAbsence.test(condition) && fails.test(body)
  return isRefused ? { isRequired: true } : { isOptional: true }
}

/** After `const x = process.env.X`: does somebody ask whether x is there, or give it a value? */
const fateOfName = (declaration: Node): Fate => {
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
  const condition = /^[^\n{]{0,200}/.exec(after.slice(test.index))?.[0] ?? ''
  const isRefused = asksForAbsence.test(condition) && fails.test(then)
  return isRefused ? { isRequired: true } : { isOptional: true }
}

const fateOfMember = (parent: Node, inner: Node, evaluate: Evaluate): Fate => {
  if (/^.{0,300}\?\.\w+$/s.test(parent.text.slice(inner.text.length))) return { isOptional: true }
  if (parent.type !== 'method_invocation') return undefined
  const call = readCall(parent)
  if (call === undefined || !/^or(?:Else\w*)$/.test(call.name)) return undefined
  if (call.name === 'orElseThrow') return { isRequired: true }
  const { text } = evaluate(call.args[0])
  return text === undefined ? { isOptional: true } : { default: text }
}

/** `notNull(System.getenv("X"))` refuses; what any other function does with it is not known. */
const fateInArguments = (list: Node, inner: Node): Fate => {
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
