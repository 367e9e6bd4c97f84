import type { PluginExchange } from '../plugin.ts'
import { pairFields, type PairFields } from '../field-changes/pair-fields.ts'

/** What templates may read: of the request as the client sent it, and who that is. */
export class TemplateData {
  private readonly exchange: PluginExchange
  private readonly headers: ReadonlyMap<string, string>
  private query: PairFields | null = null

  constructor(exchange: PluginExchange) {
    this.exchange = exchange
    // A copy: replacements of one field must not be seen by the next one's template.
    const headers = new Map<string, string>()
    for (const [name, value] of exchange.request.headers) {
      const key = name.toLowerCase()
      if (!headers.has(key)) headers.set(key, value)
    }
    headers.set('host', exchange.request.host)
    this.headers = headers
  }

  header(name: string): string | undefined {
    return this.headers.get(name)
  }

  queryParameter(name: string): string | undefined {
    this.query ??= pairFields(this.exchange.request.query.slice(1))
    return this.query.first(name)
  }

  capture(name: string): string | undefined {
    const { captures } = this.exchange
    return Object.hasOwn(captures, name) ? captures[name] : undefined
  }

  consumer(field: 'id' | 'username' | 'custom_id'): string | undefined {
    return this.exchange.consumer?.[field] ?? undefined
  }
}

/**
 * The same for a path: a value of the client stays within its segment, and none is a dot segment.
 * What a route has captured of its path keeps its slashes.
 */
export class PathData extends TemplateData {
  override header(name: string): string | undefined {
    return segmentOf(super.header(name))
  }

  override queryParameter(name: string): string | undefined {
    return segmentOf(super.queryParameter(name))
  }

  override capture(name: string): string | undefined {
    return super.capture(name)?.split('/').map(withoutDots).join('/')
  }

  override consumer(field: 'id' | 'username' | 'custom_id'): string | undefined {
    return segmentOf(super.consumer(field))
  }
}

const segmentOf = (value: string | undefined): string | undefined =>
  value === undefined ? undefined : withoutDots(value.replaceAll('/', '%2F'))

/** Escaped once it would still be a dot segment (RFC 3986 6.2.2.3). */
const withoutDots = (segment: string): string =>
  /^(?:\.|%2e){1,2}$/i.test(segment) ? segment.replaceAll(/\.|%2e/gi, '%252E') : segment

export type Template = (data: TemplateData) => string

/** What a template asks for that is neither one of the names nor an `or` between them. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
}

/**
 * `text $(headers.x or 'none') text`. Kong runs Lua in the parentheses; here they hold names of
 * data and `or`, which is what its documentation shows. Other Lua is refused, not ignored.
 * @throws TemplateError
 */
export const compileTemplate = (source: string): Template => {
  const parts: Template[] = []
  let text = ''
  for (let at = 0; at < source.length;) {
    if (!source.startsWith('$(', at)) {
      text += source[at] ?? ''
      at += 1
      continue
    }
    const end = closingOf(source, at + 1)
    const before = text
    if (before !== '') parts.push(() => before)
    text = ''
    parts.push(compileExpression(source.slice(at + 2, end)))
    at = end + 1
  }
  if (parts.length === 0) return () => source
  const rest = text
  if (rest !== '') parts.push(() => rest)
  return (data) => parts.map((part) => part(data)).join('')
}

/** The parenthesis that closes the one at `open`; those in quotes do not count. */
const closingOf = (source: string, open: number): number => {
  let depth = 0
  let quote = ''
  for (let at = open; at < source.length; at += 1) {
    const char = source[at] ?? ''
    if (quote !== '') {
      if (char === quote) quote = ''
    } else if (char === "'" || char === '"') quote = char
    else if (char === '(') depth += 1
    else if (char === ')' && (depth -= 1) === 0) return at
  }
  throw new TemplateError(`'$(' without ')' in '${source}'`)
}

type Term = (data: TemplateData) => string | undefined

const compileExpression = (source: string): Template => {
  const tokens = tokensOf(source)
  const terms: Term[] = []
  for (let at = 0; at < tokens.length; at += 2) {
    terms.push(compileTerm(tokens[at] ?? '', source))
    const between = tokens[at + 1]
    if (between !== undefined && between !== 'or') throw unknown(source)
    if (between === 'or' && at + 2 >= tokens.length) throw unknown(source)
  }
  if (terms.length === 0) throw unknown(source)
  return (data) => {
    for (const term of terms) {
      const value = term(data)
      if (value !== undefined) return value
    }
    return ''
  }
}

const token =
  /\s*('[^']*'|"[^"]*"|[A-Za-z_]\w*(?:\.\w+|\[\s*(?:'[^']*'|"[^"]*"|\d+)\s*\])*|\d+)\s*/y

const tokensOf = (source: string): string[] => {
  const tokens: string[] = []
  token.lastIndex = 0
  while (token.lastIndex < source.length) {
    const found = token.exec(source)?.[1]
    if (found === undefined) throw unknown(source)
    tokens.push(found)
  }
  return tokens
}

const compileTerm = (term: string, source: string): Term => {
  const literal = /^(?:'([^']*)'|"([^"]*)"|(\d+))$/.exec(term)
  if (literal !== null) {
    const value = literal[1] ?? literal[2] ?? literal[3] ?? ''
    return () => value
  }
  const name = /^(\w+)(?:\.(\w+)|\[\s*(?:'([^']*)'|"([^"]*)"|(\d+))\s*\])$/.exec(term)
  if (name === null) throw unknown(source)
  const [, base = '', ...keys] = name
  const key = keys.find((given) => given !== undefined) ?? ''
  return readerOf(base, key) ?? fail(unknown(source))
}

const readerOf = (base: string, key: string): Term | undefined => {
  switch (base) {
    case 'headers': {
      // nginx finds a field by its name with underscores, too.
      const field = key.toLowerCase().replaceAll('_', '-')
      const written = key.toLowerCase()
      return (data) => data.header(written) ?? data.header(field)
    }
    case 'query_params':
      return (data) => data.queryParameter(key)
    case 'uri_captures':
      return (data) => data.capture(key)
    case 'consumer':
      if (key !== 'id' && key !== 'username' && key !== 'custom_id') return undefined
      return (data) => data.consumer(key)
    default:
      return undefined
  }
}

const unknown = (source: string): TemplateError =>
  new TemplateError(
    `'$(${source})' is more than names of headers, query_params, uri_captures and consumer joined by 'or'`,
  )

const fail = (error: Error): never => {
  throw error
}
