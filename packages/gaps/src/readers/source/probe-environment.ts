import type { Node } from '@vscode/tree-sitter-wasm'
import { evaluate } from './evaluate.ts'
import { readDestructured, readVariable, type VariableRead } from './environment.ts'
import { everyLanguage, scripts, type Looking, type Probe } from './probe.ts'
import { callOf, children, isComment, isString, parentsOf, placeOf, stringText } from './syntax.ts'
import { judgeUsage } from './usage.ts'

/** What a Python file does when it is run by itself, to try it out; a program that imports it does not. */
const isOfTryout = (node: Node): boolean =>
  [...parentsOf(node, 12)].some(
    (parent) =>
      parent.type === 'if_statement' &&
      /^\(?\s*__name__\s*==/.test(parent.childForFieldName('condition')?.text ?? ''),
  )

const add = (looking: Looking, node: Node, read: VariableRead): void => {
  const { file, found, language } = looking
  const { isOptional: mayLack, ...plain } = read
  const isOptional = mayLack || (language === 'python' && isOfTryout(node))
  const rest = isOptional ? { ...plain, isRequired: false } : plain
  found.reads.push({ ...placeOf(file, node), ...rest, ...(isOptional ? { isOptional } : {}) })
}

/** `os.environ["X"] = y`, `del os.environ["X"]`, `process.env.X ||= y`. */
const isSet = (access: Node): boolean => {
  const { parent } = access
  if (parent === null) return false
  const isLeft = parent.childForFieldName('left')?.startIndex === access.startIndex
  return (
    parent.type === 'delete_statement' ||
    (isLeft &&
      /^(?:augmented_)?assignment(?:_expression)?$|^augmented_assignment/.test(parent.type))
  )
}

/** The largest expression from this word that is a reading and nothing else. */
const lookAtAccess = (word: Node, looking: Looking): void => {
  if (isComment(word)) return
  for (const parent of parentsOf(word, 5)) {
    if (isComment(parent) || isString(parent)) return
    const read = readVariable(parent)
    if (read !== undefined && isSet(parent)) return
    if (read !== undefined) return add(looking, parent, judgeUsage(parent, read, evaluate))
    const name = parent.childForFieldName('name')
    if (parent.type === 'variable_declarator' && name?.type === 'object_pattern') {
      if (!/^(?:process|import\.meta)\.env$/.test(parent.childForFieldName('value')?.text ?? '')) {
        return
      }
      for (const { node, ...one } of readDestructured(name)) add(looking, node, one)
      if (name.text.includes('...')) looking.found.readsOthers = true
      return
    }
  }
  // `process.env[name]`, `{ ...process.env }`, `os.environ.items()`, `getenv(key)`.
  if (!/\.parse\(process\.env\)/.test(looking.text)) looking.found.readsOthers = true
}

/** `z.object({ PORT: z.coerce.number().default(3000) }).parse(process.env)`. */
const lookAtSchema = (word: Node, looking: Looking): void => {
  if (!/\b(?:process|import\.meta)\.env\b/.test(looking.text)) return
  const pair = [...parentsOf(word, 24)].find(({ type }) => type === 'pair')
  const key = pair?.childForFieldName('key')
  const value = pair?.childForFieldName('value')
  if (key == null || value == null || pair === undefined) return
  const text = value.text.slice(0, 1000)
  const given = /\.default\(\s*["'`]?([^"'`)]{0,200})["'`]?\s*\)/.exec(text)?.[1]
  const isOptional = /\.(?:optional|nullish|catch|default)\(/.test(text)
  add(looking, pair, {
    ...{ name: key.text, default: given, isRequired: !isOptional },
    isOptional: isOptional && given === undefined,
  })
}

/** Fields of a pydantic settings class, each a variable of its own name. */
const lookAtSettings = (word: Node, looking: Looking): void => {
  const definition = [...parentsOf(word, 3)].find(({ type }) => type === 'class_definition')
  const body = definition?.childForFieldName('body')
  if (
    body == null ||
    definition?.childForFieldName('superclasses')?.text.includes('BaseSettings') !== true
  )
    return
  const prefix = /\benv_prefix\s*=\s*["'](\w{0,60})["']/.exec(body.text)?.[1] ?? ''
  for (const statement of children(body).slice(0, 200)) {
    const field = statement.type === 'expression_statement' ? children(statement)[0] : undefined
    const type = field?.childForFieldName('type')
    const name = field?.childForFieldName('left')
    if (field?.type !== 'assignment' || type == null || name == null) continue
    const value = field.childForFieldName('right')
    const own = /\b(?:env|alias|validation_alias)\s*=\s*["'](\w{1,100})["']/.exec(
      value?.text ?? '',
    )?.[1]
    const mayBeAbsent = value === null && /\bOptional\b|\bNone\b/.test(type.text)
    const isBare =
      value === null ||
      /^Field\(\s*\.\.\.|^Field\(\s*(?:env|alias|validation_alias|description)\s*=[^,()]{0,200}\)$/.test(
        value.text,
      )
    const fallback =
      value === null
        ? undefined
        : (stringText(value) ??
          (/^[\d.]+$|^True$|^False$/.test(value.text) ? value.text : undefined))
    add(looking, field, {
      name: own ?? (prefix + name.text).toUpperCase(),
      default: fallback,
      isRequired: isBare && !mayBeAbsent,
      isOptional: mayBeAbsent || (!isBare && fallback === undefined),
    })
  }
}

/** `@Value("${DB_HOST:db}")`; dotted names are properties, which files give. */
export const readPlaceholders = (text: string): VariableRead[] =>
  [...text.matchAll(/\$\{([A-Z][A-Z0-9_]{0,99})(?::([^{}]{0,300}))?\}/g)].map((match) => ({
    name: match[1] ?? '',
    default: match[2],
    isRequired: match[2] === undefined,
    isOptional: false,
  }))

const lookAtValue = (word: Node, looking: Looking): void => {
  const text = stringText(callOf(word)?.args[0])
  for (const read of readPlaceholders(text ?? '')) add(looking, word, read)
}

/** Struct tags of caarlos0/env and envconfig: `env:"PORT,required" envDefault:"80"`. */
const lookAtTag = (word: Node, looking: Looking, [match]: RegExpExecArray): void => {
  const field = [word, ...parentsOf(word, 3)].find(({ type }) => type === 'raw_string_literal')
  if (field === undefined || field.parent?.type !== 'field_declaration') return
  const text = field.text.slice(0, 500)
  const [name = '', ...options] = (/"([^"]{1,120})/.exec(match)?.[1] ?? '').split(',')
  if (!/^[A-Za-z_]\w*$/.test(name)) return
  const given = /\b(?:envDefault|default|env-default):"([^"]{0,200})"/.exec(text)?.[1]
  // With `yaml:` beside it a file of settings may give it as well.
  const isRequired =
    given === undefined &&
    !/\b(?:yaml|json|toml|mapstructure):"/.test(text) &&
    (options.some((option) => /^required|^notEmpty/.test(option)) ||
      /\b(?:env-)?required:"true"/.test(text))
  add(looking, field, {
    name,
    default: given,
    isRequired,
    isOptional: !isRequired && given === undefined,
  })
}

export const environmentProbes: readonly Probe[] = [
  { languages: scripts, word: /\b(?:process|import\.meta|Bun)\.env\b/g, look: lookAtAccess },
  { languages: scripts, word: /\bDeno\.env\.get\b/g, look: lookAtAccess },
  {
    languages: scripts,
    word: /\b[A-Z][A-Z0-9_]{2,60}:\s{0,40}z\b(?=\s{0,40}\.)/g,
    look: lookAtSchema,
  },
  { languages: ['python'], word: /\b(?:os\.)?environ\b/g, look: lookAtAccess },
  { languages: ['python', 'java'], word: /\bgetenv\b/g, look: lookAtAccess },
  { languages: ['python'], word: /\bBaseSettings\b(?=[\s,)])/g, look: lookAtSettings },
  { languages: ['java'], word: /@Value\b(?=\()/g, look: lookAtValue },
  { languages: ['go'], word: /\b(?:Getenv|LookupEnv)\b/g, look: lookAtAccess },
  { languages: ['go'], word: /\b(?:env|envconfig):"[\w,]{1,120}/g, look: lookAtTag },
  { languages: ['csharp'], word: /\bGetEnvironmentVariable\b/g, look: lookAtAccess },
  // Own helpers and those of django-environ and decouple, told by the name they are given.
  {
    languages: everyLanguage,
    word: /\b(?:env|config|[A-Za-z_]{1,20}[eE][nN][vV]\w{0,20}|env\.\w{2,8})(?=\(\s{0,40}(?:&?[\w.]{1,60},\s{0,10})?["'`][A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*["'`])(?<!\b(?:os|environ|System|Environment|process)\.\w{0,30})/g,
    look: lookAtAccess,
  },
]
