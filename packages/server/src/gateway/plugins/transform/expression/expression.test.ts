import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileExpression } from './compile.ts'
import { ExpressionError } from './tokens.ts'
import { Lookup, type Scope, type Value } from './values.ts'

const scope: Scope = {
  body: () => ({ user: { name: 'Ann', tags: ['a', 'b'] }, n: 3, price: 1.5, none: null }),
  headers: () => new Lookup((name) => (name === 'x' ? '1' : null)),
  big: () => 'x'.repeat(1_000_000),
}
const evaluate = (source: string): Value => compileExpression(source, Object.keys(scope))(scope)

test('what expressions mean', () => {
  const cases: [source: string, value: Value][] = [
    ['1 + 2 * 3 - 4 / 2', 5],
    ['(1 + 2) * 3 % 4', 1],
    ['-2 - -3', 1],
    ["'a' + 1 + true", 'a1true'],
    [String.raw`'it\'s' + "\n"`, "it's\n"],
    ['body.user.name', 'Ann'],
    ['body["user"]["tags"][1]', 'b'],
    ['body.user.tags[-1]', 'b'],
    ['body.user.tags[9]', null],
    ['body.no.such.thing', null],
    ['body.constructor', null],
    ['body.__proto__', null],
    ["body.user.tags['length']", null],
    ['headers.x + headers.y', '1'],
    ['body.none ?? "d"', 'd'],
    ['0 || "" || "x"', 'x'],
    ['1 && 2', 2],
    ['!body.none', true],
    ['1 < 2 == true', true],
    ["'a' < 'b'", true],
    ["1 < 'b'", false],
    ['[1, [2]] == [1, [2]]', true],
    ['1 == "1"', false],
    ['1 / 0', null],
    ['body + 1', null],
    ['body.n > 2 ? "many" : body.n > 1 ? "two" : "few"', 'many'],
    ['{ name: body.user.name, "a b": [1] }', { name: 'Ann', 'a b': [1] }],
    ["upper('a') + lower('B') + trim(' c ')", 'Abc'],
    ["number('1.5') * 2 + (number('x') ?? 1)", 4],
    ["length('abc') + length([1, 2])", 5],
    ["contains('abc', 'b') && contains([1], 1) && starts('abc', 'a') && ends('abc', 'c')", true],
    ["slice('abcdef', 1, 3) + slice('abc', 2)", 'bcc'],
    ["replace('a.b.c', '.', '$&')", 'a$&b$&c'],
    ["join(split('a,b', ','), '-')", 'a-b'],
    ['keys(without(body.user, "tags"))', ['name']],
    ['merge({a: 1}, {a: 2, b: 3})', { a: 2, b: 3 }],
    ['json(\'{"a":1}\').a', 1],
    ["json('{')", null],
    ['round(1.6)', 2],
    ['replace(big, "x", big)', null],
    ['join(split(big, ""), big)', null],
  ]
  for (const [source, value] of cases) assert.deepEqual(evaluate(source), value, source)
})

test('what is no expression is refused with its place', () => {
  const cases: [source: string, message: RegExp][] = [
    ['', /something is missing at character 1/],
    ['1 +', /something is missing at character 4/],
    ['1 2', /unexpected '2' at character 3/],
    ['(1', /'\)' is missing at character 3/],
    ['nobody', /there is no 'nobody' at character 1/],
    ['eval("1")', /there is no function 'eval'/],
    ['constructor', /there is no 'constructor'/],
    ['toString()', /there is no function 'toString'/],
    ['lower(1, 2)', /takes 1 at most/],
    ["'open", /unexpected character at character 1/],
    ['a = 1', /unexpected character|there is no/],
    ['('.repeat(60) + '1' + ')'.repeat(60), /nested too deeply/],
    ['!'.repeat(100) + '1', /nested too deeply/],
    ['1+'.repeat(3000) + '1', /too long/],
  ]
  for (const [source, message] of cases) {
    assert.throws(
      () => evaluate(source),
      (error) => error instanceof ExpressionError && message.test(error.message),
      source,
    )
  }
})

test('whatever is written, it is an expression or a fault, and an expression has a value', () => {
  const word = fc.constantFrom(
    ...[
      'body',
      'headers',
      'big',
      'lower',
      'slice',
      'merge',
      'keys',
      'true',
      'null',
      'x',
      '1',
      '2.5',
      "'t'",
    ],
    ...[
      '+',
      '-',
      '*',
      '/',
      '==',
      '<',
      '&&',
      '||',
      '??',
      '?',
      ':',
      '!',
      '.',
      ',',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
    ],
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 14 }), (words) => {
      try {
        assert.notEqual(evaluate(words.join(' ')), undefined)
      } catch (error) {
        assert.ok(error instanceof ExpressionError, String(error))
      }
    }),
    { numRuns: 3000 },
  )
})
