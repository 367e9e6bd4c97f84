import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { readPlainYaml } from './plain-yaml.ts'
import { parseYaml } from './source.ts'

const byLibrary = (text: string): { value: unknown } | 'refused' => {
  const parsed = parseYaml(text)
  return 'value' in parsed ? { value: parsed.value } : 'refused'
}

describe('reads what people write', () => {
  const cases: Record<string, unknown> = {
    'a: 1': { a: 1 },
    'a:\n- 1\n- x': { a: [1, 'x'] },
    'a:\n  - b: 1\n    c: 2\n  - - 3\n': { a: [{ b: 1, c: 2 }, [3]] },
    '# note\na: x # note\n\nb: "y # z"\n': { a: 'x', b: 'y # z' },
    "a: 'it''s'": { a: "it's" },
    'a: [b, "c", { d: e }]': { a: ['b', 'c', { d: 'e' }] },
    'a: |\n  one\n   two\nb: |-\n  three\n': { a: 'one\n two\n', b: 'three' },
    'a: http://b:1/c': { a: 'http://b:1/c' },
    'a:\nb: ~\nc: null': { a: null, b: null, c: null },
    'a: 10.0.0.1\nb: 00000000-0000-4000-8000-000000000000': {
      a: '10.0.0.1',
      b: '00000000-0000-4000-8000-000000000000',
    },
    'on: [x]\nno: y1\nnull: 2': { on: ['x'], no: 'y1', null: 2 },
    '---\na: true\nb: -1.5': { a: true, b: -1.5 },
  }
  for (const [text, expected] of Object.entries(cases)) {
    test(JSON.stringify(text), () => {
      assert.deepEqual(readPlainYaml(text), { value: expected })
      assert.deepEqual(byLibrary(text), { value: expected })
    })
  }
})

describe('leaves to others what is doubtful', () => {
  const doubtful = [
    ...['a: yes', 'a: 0777', 'a: 1e3', 'a: 12:30', 'a: 2001-01-01', '1: yes', 'a: 1_000'],
    ...['a: &x 1', 'a: *x', '<<: {}', 'a: !x y', 'a: >\n  x\n', 'a: x\n  y', 'a: b: c'],
    ...['a: 1\na: 2', 'a:\tb', 'a: 1\r\n', '__proto__: 1', '%YAML 1.1\n---\na: 1', 'a: "\\x41"'],
    ...['a: [1,\n 2]', '? a\n: b', '- a\nb: c', '', 'x', 'a: .inf', 'a: 0x10'],
  ]
  for (const text of doubtful) {
    test(JSON.stringify(text), () => assert.equal(readPlainYaml(text), undefined))
  }
})

/** What it reads at all, it reads as the whole reader does. */
const agrees = (text: string): void => {
  const plain = readPlainYaml(text)
  if (plain !== undefined) assert.deepEqual(byLibrary(text), plain, JSON.stringify(text))
}

test('agrees with a whole YAML reader about written values', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.oneof(
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.double({ noNaN: true }),
      ),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(fc.string({ minLength: 1 }), tie('any'), { maxKeys: 4 }),
    ),
  })).any
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), value), (map) => {
      agrees(stringify(map, { version: '1.1' }))
    }),
    { numRuns: 300 },
  )
})

test('agrees with a whole YAML reader about scraps of it', () => {
  const scrap = fc.constantFrom(
    ...[
      'a',
      'b-c',
      ': ',
      ':',
      '- ',
      '-',
      '\n',
      '\n  ',
      '\n    ',
      ' ',
      '  ',
      '#',
      ' # x',
      '"',
      "'",
      '[',
      ']',
    ],
    ...[
      '{',
      '}',
      ', ',
      ',',
      '|',
      '|-',
      '\n- ',
      '\n  - ',
      '1',
      '0',
      '1.5',
      'true',
      'null',
      '~',
      'x y',
      '/p',
    ],
    ...[
      'a: ',
      '\nb: ',
      '\n  c: ',
      '---',
      '\\n',
      '\\',
      '?',
      '&a',
      '*a',
      '<<',
      '!',
      '%',
      '@',
      '`',
      '>',
      'é',
      '😀',
    ],
  )
  fc.assert(
    fc.property(fc.array(scrap, { maxLength: 25 }), (scraps) => agrees(scraps.join(''))),
    { numRuns: 20_000 },
  )
})
