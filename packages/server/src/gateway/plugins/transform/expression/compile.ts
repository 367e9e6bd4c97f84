import { functions } from './functions.ts'
import { ExpressionError, tokensOf, type Token } from './tokens.ts'
import { isTrue, memberOf, operators, type Scope, type Value } from './values.ts'

/** Evaluates in steps that the length of the expression bounds; never throws. */
export type Expression = (scope: Scope) => Value

/** Parentheses, lists and members inside of each other. */
const deepest = 50

/** Weakest first; operators of one level go from left to right. */
const levels = [
  ['??'],
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/', '%'],
]

/** @param names what the scope has. @throws ExpressionError */
export const compileExpression = (source: string, names: readonly string[]): Expression => {
  const parser = new Parser(tokensOf(source), names)
  const expression = parser.choice()
  parser.end()
  return expression
}

class Parser {
  private readonly tokens: readonly Token[]
  private readonly names: readonly string[]
  private place = 0
  private depth = 0

  constructor(tokens: readonly Token[], names: readonly string[]) {
    this.tokens = tokens
    this.names = names
  }

  end(): void {
    if (this.next.kind !== 'end') throw this.fault(`unexpected '${this.next.value}'`)
  }

  /** `a ? b : c` */
  choice(): Expression {
    this.depth += 1
    if (this.depth > deepest) throw this.fault('nested too deeply')
    const condition = this.level(0)
    let chosen = condition
    if (this.skip('?')) {
      const yes = this.choice()
      this.expect(':')
      const no = this.choice()
      chosen = (scope) => (isTrue(condition(scope)) ? yes(scope) : no(scope))
    }
    this.depth -= 1
    return chosen
  }

  private level(at: number): Expression {
    const signs = levels[at]
    if (signs === undefined) return this.unary()
    let left = this.level(at + 1)
    for (;;) {
      const sign = signs.find((one) => this.skip(one))
      if (sign === undefined) return left
      left = combine(sign, left, this.level(at + 1))
    }
  }

  private unary(): Expression {
    if (this.skip('!')) {
      const operand = this.nested()
      return (scope) => !isTrue(operand(scope))
    }
    if (this.skip('-')) {
      const operand = this.nested()
      return (scope) => operators['-']?.(0, operand(scope)) ?? null
    }
    return this.members()
  }

  private nested(): Expression {
    this.depth += 1
    if (this.depth > deepest) throw this.fault('nested too deeply')
    const operand = this.unary()
    this.depth -= 1
    return operand
  }

  private members(): Expression {
    let value = this.primary()
    for (;;) {
      const owner = value
      if (this.skip('.')) {
        const name = this.name()
        value = (scope) => memberOf(owner(scope), name)
      } else if (this.skip('[')) {
        const key = this.choice()
        this.expect(']')
        value = (scope) => memberOf(owner(scope), key(scope))
      } else return value
    }
  }

  private primary(): Expression {
    const token = this.next
    if (token.kind === 'number' || token.kind === 'text') {
      this.place += 1
      return () => token.value
    }
    if (token.kind === 'name') return this.named()
    if (this.skip('(')) {
      const inner = this.choice()
      this.expect(')')
      return inner
    }
    if (this.skip('[')) {
      const items = this.list(']', () => this.choice())
      return (scope) => items.map((item) => item(scope))
    }
    if (this.skip('{')) return this.record()
    throw this.fault(token.kind === 'end' ? 'something is missing' : `unexpected '${token.value}'`)
  }

  private named(): Expression {
    const { at } = this.next
    const name = this.name()
    if (Object.hasOwn(constants, name)) {
      const value = constants[name] ?? null
      return () => value
    }
    if (this.skip('(')) return this.call(name, at)
    if (!this.names.includes(name)) throw new ExpressionError(`there is no '${name}'`, at)
    return (scope) => scope[name]?.() ?? null
  }

  private call(name: string, at: number): Expression {
    const found = Object.hasOwn(functions, name) ? functions[name] : undefined
    if (found === undefined) throw new ExpressionError(`there is no function '${name}'`, at)
    const [a, b, c, ...more] = this.list(')', () => this.choice())
    if (more.length > 0 || [a, b, c].filter((one) => one !== undefined).length > found.parameters) {
      throw new ExpressionError(`'${name}' takes ${found.parameters} at most`, at)
    }
    return (scope) => found.call(a?.(scope) ?? null, b?.(scope) ?? null, c?.(scope) ?? null)
  }

  private record(): Expression {
    const fields = this.list('}', (): [string, Expression] => {
      const token = this.next
      if (token.kind !== 'text' && token.kind !== 'name') throw this.fault('a name is missing')
      this.place += 1
      this.expect(':')
      return [token.value, this.choice()]
    })
    return (scope) => Object.fromEntries(fields.map(([name, value]) => [name, value(scope)]))
  }

  private list<T>(close: string, item: () => T): T[] {
    const items: T[] = []
    while (!this.skip(close)) {
      if (items.length > 0) this.expect(',')
      items.push(item())
    }
    return items
  }

  private get next(): Token {
    return this.tokens[this.place] ?? { kind: 'end', value: '', at: 0 }
  }

  private name(): string {
    const token = this.next
    if (token.kind !== 'name') throw this.fault('a name is missing')
    this.place += 1
    return token.value
  }

  private skip(sign: string): boolean {
    if (this.next.kind !== 'sign' || this.next.value !== sign) return false
    this.place += 1
    return true
  }

  private expect(sign: string): void {
    if (!this.skip(sign)) throw this.fault(`'${sign}' is missing`)
  }

  private fault(message: string): ExpressionError {
    return new ExpressionError(message, this.next.at)
  }
}

const constants: Readonly<Record<string, Value>> = { true: true, false: false, null: null }

const combine = (sign: string, left: Expression, right: Expression): Expression => {
  switch (sign) {
    case '??':
      return (scope) => left(scope) ?? right(scope)
    case '||':
    case '&&':
      return (scope) => {
        const value = left(scope)
        return isTrue(value) === (sign === '||') ? value : right(scope)
      }
    default: {
      const operate = operators[sign]
      return (scope) => operate?.(left(scope), right(scope)) ?? null
    }
  }
}
