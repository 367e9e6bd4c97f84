/** What is wrong with an expression, with the place in it. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  readonly at: number

  constructor(message: string, at: number) {
    super(`${message} at character ${at + 1}`)
    this.at = at
  }
}

export type Token =
  | { kind: 'number'; value: number; at: number }
  | { kind: 'text'; value: string; at: number }
  | { kind: 'name'; value: string; at: number }
  | { kind: 'sign'; value: string; at: number }
  | { kind: 'end'; value: ''; at: number }

/** Longer expressions are programs, which belong into a service. */
const longest = 4096

const blank = /\s+/y
const number = /\d+(?:\.\d+)?/y
const name = /[A-Za-z_]\w*/y
const text = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/y
const sign = /\|\||&&|\?\?|==|!=|<=|>=|[-+*/%<>!?:.,()[\]{}]/y

/** @throws ExpressionError */
export const tokensOf = (source: string): Token[] => {
  if (source.length > longest) throw new ExpressionError('too long', longest)
  const tokens: Token[] = []
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0]
  }
  while (at < source.length) {
    const skipped = take(blank)
    if (skipped !== undefined) {
      at += skipped.length
      continue
    }
    const [token, length] = nextToken(take, at)
    tokens.push(token)
    at += length
  }
  return [...tokens, { kind: 'end', value: '', at }]
}

const nextToken = (
  take: (pattern: RegExp) => string | undefined,
  at: number,
): [token: Token, length: number] => {
  const digits = take(number)
  if (digits !== undefined) return [{ kind: 'number', value: Number(digits), at }, digits.length]
  const word = take(name)
  if (word !== undefined) return [{ kind: 'name', value: word, at }, word.length]
  const quoted = take(text)
  if (quoted !== undefined) return [{ kind: 'text', value: unquoted(quoted), at }, quoted.length]
  const mark = take(sign)
  if (mark !== undefined) return [{ kind: 'sign', value: mark, at }, mark.length]
  throw new ExpressionError('unexpected character', at)
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

const unquoted = (quoted: string): string =>
  quoted.slice(1, -1).replaceAll(/\\(.)/g, (_, char: string) => escapes[char] ?? char)
