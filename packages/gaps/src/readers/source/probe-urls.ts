import type { Node } from '@vscode/tree-sitter-wasm'
import { evaluate } from './evaluate.ts'
import { readVariable } from './environment.ts'
import { everyLanguage, type Looking, type Probe } from './probe.ts'
import { children, isComment, parentsOf, placeOf, stringAround } from './syntax.ts'

/** Names in specifications, schemas and manuals: nobody is contacted there. */
const documentation =
  /(?:^|\.)(?:example\.(?:com|org|net)|w3\.org|schema\.org|json-schema\.org|xmlsoap\.org|purl\.org|ietf\.org|github\.com|githubusercontent\.com|gitlab\.com|npmjs\.com|pypi\.org|stackoverflow\.com|wikipedia\.org|mozilla\.org|readthedocs\.io|apache\.org|opensource\.org|springframework\.org|microsoft\.com|google\.com|googleapis\.com|gstatic\.com|jsdelivr\.net|unpkg\.com|cloudflare\.com|reactjs\.org|react\.dev|nextjs\.org|nodejs\.org|golang\.org|go\.dev|python\.org|fb\.me|git\.io|bit\.ly|goo\.gl|example|invalid|test)$/i

const url =
  /^(?:jdbc:)?([a-z][a-z0-9+.-]{1,20}):\/\/(?:[^/@\s]{0,200}@)?([A-Za-z0-9_.-]{1,253}|\[[0-9a-f:]{2,45}\])(?::(\d{1,5}))?(\/[^\s?#]{0,500})?(?:[?#;]\S*)?$/i

const unreadable =
  /^(?:file|data|vscode|chrome|moz-extension|about|javascript|classpath|urn|git|ssh)$/i

const lookAtUrl = (word: Node, { file, found }: Looking): void => {
  if (isComment(word)) return
  const string = stringAround(word)
  if (string === undefined || isForPeople(string)) return
  const whole = wholeOf(string)
  const written = evaluate(whole)
  const text = written.text
  const [, scheme, host, port, path] = url.exec(text ?? '') ?? []
  if (scheme === undefined || host === undefined || unreadable.test(scheme)) return
  if (documentation.test(host) || /^(?:\d{1,2}|v\d+)$/.test(host)) return
  const at = placeOf(file, string)
  if (found.contacts.some((one) => one.line === at.line && one.column === at.column)) return
  found.contacts.push({
    ...at,
    ...{ scheme: scheme.toLowerCase(), host, port: port === undefined ? undefined : Number(port) },
    ...{ path, variable: written.variable ?? variableOf(whole) },
  })
}

/** Up to the expression that the string is a part of: `"http://" + host + "/x"`. */
const wholeOf = (string: Node): Node => {
  let whole = string
  for (const parent of parentsOf(string, 6)) {
    const isSum = /^binary_(?:expression|operator)$/.test(parent.type)
    if (!isSum || parent.childForFieldName('operator')?.text !== '+') break
    whole = parent
  }
  return whole
}

/** The variable that this is the default of: `env.API ?? 'http://api'`, `getenv("API", "…")`. */
const variableOf = (node: Node): string | undefined => {
  for (const parent of parentsOf(node, 3)) {
    const operator = parent.childForFieldName('operator')?.text
    const left = parent.childForFieldName('left')
    if (left !== null && /^(?:\|\||\?\?|or)$/.test(operator ?? '')) {
      return evaluate(left).variable
    }
    const read = readVariable(parent)
    if (read !== undefined) return read.name
  }
  return undefined
}

/** Links of a page, namespaces, text of logs: written for somebody to read or to compare. */
const isForPeople = (string: Node): boolean => {
  for (const parent of parentsOf(string, 4)) {
    if (parent.type === 'jsx_attribute' || parent.type === 'import_statement') return true
    if (/^(?:import_declaration|import_spec|using_directive|jsx_element)$/.test(parent.type))
      return true
    const name = (parent.childForFieldName('function') ?? parent.childForFieldName('name'))?.text
    if (
      /(?:^|\.)(?:log\w*|info|warn\w*|error|debug|print\w*|Print\w*|Fatal\w*|WriteLine|fail)$/.test(
        name ?? '',
      )
    ) {
      return true
    }
    const key = parent.childForFieldName('key') ?? parent.childForFieldName('left')
    if (
      /\b(?:xmlns|href|\$schema|\$id|docs?|documentation|homepage|description|link|origins?|cors\w*|allowed\w*|issuer|namespace)\b/i.test(
        key?.text.slice(0, 100) ?? '',
      )
    ) {
      return true
    }
    if (isCors(parent)) return true
  }
  return children(string).length > 20
}

const isCors = (node: Node): boolean =>
  /^(?:call_expression|annotation|method_invocation|invocation_expression|call)$/.test(node.type) &&
  /\b(?:cors|CrossOrigin|allowedOrigins|WithOrigins|AllowOrigins)\b/i.test(node.text.slice(0, 60))

export const urlProbes: readonly Probe[] = [
  {
    languages: everyLanguage,
    word: /["'`](?:jdbc:)?[a-z][a-z0-9+]{1,20}:\/\/(?=[\w${["'`%])/g,
    skips: (text, match) => {
      const end = match.index + match[0].length
      return documentation.test(/^[\w.-]*/.exec(text.slice(end, end + 100))?.[0] ?? '')
    },
    look: lookAtUrl,
  },
]
