import type { Node } from '@vscode/tree-sitter-wasm'
import { children, isString, readCall, stringText, type Call } from './syntax.ts'

/** One reading of an environment variable, without what is around it. */
export type VariableRead = {
  name: string
  default: string | undefined
  /** It fails when the variable is not set: `os.environ['X']`. */
  isRequired: boolean
  /** A default that is no constant, or a reader that takes absence for an answer. */
  isOptional: boolean
}

const variableName = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/
/** Names of helpers are guessed by the variable they are given: `getEnv("DB_HOST", "db")`. */
const shoutedName = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$|^PORT$/

const objects = /^(?:process|import\.meta|Bun)\.env$/
const accessTypes = new Set(['member_expression', 'subscript_expression', 'subscript'])
const callTypes = new Set([
  ...['call_expression', 'call', 'method_invocation', 'invocation_expression'],
])

/** The variable that this expression is, all of it. */
export const readVariable = (node: Node): VariableRead | undefined => {
  if (accessTypes.has(node.type)) return readAccess(node)
  if (!callTypes.has(node.type)) return undefined
  const call = readCall(node)
  return call === undefined ? undefined : readEnvironmentCall(call)
}

const readAccess = (node: Node): VariableRead | undefined => {
  const object = node.childForFieldName('object') ?? node.childForFieldName('value')
  if (object === null || object.endIndex - object.startIndex > 20) return undefined
  const isPython = node.type === 'subscript'
  if (isPython ? !/^(?:os\.)?environ$/.test(object.text) : !objects.test(object.text)) {
    return undefined
  }
  const index = node.childForFieldName('index') ?? node.childForFieldName('subscript')
  const name = index === null ? node.childForFieldName('property')?.text : stringText(index)
  return named(name, { isRequired: isPython })
}

const named = (
  name: string | undefined,
  rest: Partial<VariableRead> = {},
): VariableRead | undefined =>
  name === undefined || !variableName.test(name)
    ? undefined
    : { default: undefined, isRequired: false, isOptional: false, ...rest, name }

const readEnvironmentCall = (call: Call): VariableRead | undefined => {
  const { callee, name, owner, args } = call
  const given = stringText(args[0])
  if (/^(?:(?:os\.)?environ\.(?:get|setdefault)|os\.getenv|getenv)$/.test(callee)) {
    return named(given, fallback(args[1] ?? call.named.get('default')))
  }
  if (/^(?:System\.)?getenv\(\)\.(?:get|getOrDefault)$/.test(callee)) {
    return named(given, fallback(args[1]))
  }
  if (callee === 'System.getenv') return named(given)
  if (callee === 'os.Getenv' || callee === 'syscall.Getenv') return named(given)
  if (callee === 'os.LookupEnv') return named(given, { isOptional: true })
  if (name === 'GetEnvironmentVariable') return named(given)
  if (callee === 'Deno.env.get') return named(given)
  if (isHelper(name, owner)) return readHelper(call)
  return undefined
}

const fallback = (node: Node | undefined): Partial<VariableRead> => {
  if (node === undefined) return {}
  // Said to be nothing: whoever writes that asks for it later.
  if (/^(?:none|null|undefined|nil)$/i.test(node.text)) return { isOptional: true }
  const text = constant(node)
  return text === undefined ? { isOptional: true } : { default: text }
}

const constant = (node: Node): string | undefined => {
  if (isString(node)) return stringText(node)
  return /^(?:-?[\d_.]{1,20}|true|false)$/i.test(node.text) ? node.text : undefined
}

/** `getEnv`, `mustMapEnv`, `env.str`, `config`: somebody's own way, or django-environ's, decouple's. */
const helperName =
  /^(?:(?:get|must|lookup|read|load|require|map|from|optional|default)_?\w{0,12}env(?:ironment)?(?:var(?:iable)?)?(?:or\w{0,12}|default|with\w{0,12}|int|bool|string|str)?|env(?:or|_or_?)?\w{0,8}|config)$/i

const isHelper = (name: string, owner: string): boolean =>
  (helperName.test(name) && (name !== 'config' || owner === '')) ||
  (owner === 'env' && /^(?:str|int|bool|list|url|db|float|get|string|required)$/.test(name))

const readHelper = ({ name, owner, args, named: keywords }: Call): VariableRead | undefined => {
  const at = args.findIndex((arg) => shoutedName.test(stringText(arg) ?? ''))
  if (at === -1 || at > 1) return undefined
  const next = args[at + 1] ?? keywords.get('default')
  const refuses = /must|require/i.test(name)
  // Whether an own helper fails, nobody can tell from its call: only its name does.
  const isOptional = !refuses && next === undefined && !(owner === 'env' || name === 'env')
  return named(stringText(args[at]), { isRequired: refuses, isOptional, ...fallback(next) })
}

/** Names of `const { A, B: b, C = 'x' } = process.env`. */
export const readDestructured = (pattern: Node): (VariableRead & { node: Node })[] =>
  children(pattern)
    .slice(0, 100)
    .flatMap((child) => {
      const withDefault = child.type === 'object_assignment_pattern'
      const key = withDefault ? child.childForFieldName('left') : child.childForFieldName('key')
      const right = child.childForFieldName('right') ?? undefined
      const value = child.childForFieldName('value')
      const inner = value?.type === 'assignment_pattern' ? value.childForFieldName('right') : null
      const name = (key ?? child).text
      const read = named(name, fallback(right ?? inner ?? undefined))
      return read === undefined || child.type === 'rest_pattern' ? [] : [{ ...read, node: child }]
    })
