import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { isProvenLinear } from './regex-proof.ts'
import { parseRegex } from './regex-syntax.ts'
import {
  compileSafeRegex,
  patternLimit,
  textLimit,
  UnsafeRegexError,
  type SafeRegexOptions,
} from './safe-regex.ts'
import { countNodes, countSteps } from './testing/backtracking.ts'

type Anchored = SafeRegexOptions['anchored']

const matches: [pattern: string, anchored: Anchored, text: string, matched: string | null][] = [
  ['/users/\\d+', 'start', '/users/42/x', '/users/42'],
  ['/users/\\d+', 'both', '/users/42/x', null],
  ['/users/\\d+', 'none', '/v1/users/42/x', '/users/42'],
  ['/a|/b', 'start', '/x/b', null],
  ['^/a', 'start', '/a', '/a'],
  ['\\A/a\\z', 'start', '/a', '/a'],
  ['^a|b', 'none', 'xb', 'b'],
  ['(?i)/Shop', 'start', '/sHOP', '/sHOP'],
  ['.', 'both', '\n', null],
  ['.', 'both', '\u2028', '\u2028'],
  ['.', 'both', '😀', '😀'],
  ['\\d', 'both', '٣', null],
  ['\\s', 'both', '\u00a0', null],
  ['\\s', 'both', '\v', null],
  ['[]a]+', 'both', ']a', ']a'],
  ['[a-]+', 'both', 'a-', 'a-'],
  ['[^/]+', 'start', 'a\nb/', 'a\nb'],
  ['[[:digit:]]+', 'start', '42x', '42'],
  ['a{2,3}', 'start', 'aaaa', 'aaa'],
  ['a{2,3}?', 'start', 'aaaa', 'aa'],
  ['a{,3}', 'start', 'a{,3}', 'a{,3}'],
  ['(?:ab)+', 'start', 'ababa', 'abab'],
  ['(a|ab)(c|bcd)', 'start', 'abcd', 'abcd'],
  ['\\/\\.\\-\\%', 'both', '/.-%', '/.-%'],
]

for (const [pattern, anchored, text, matched] of matches) {
  test(`${pattern} (${anchored}) in ${JSON.stringify(text)}: ${String(matched)}`, () => {
    const regex = compileSafeRegex(pattern, { anchored })
    assert.equal(regex.exec(text)?.matched ?? null, matched)
    assert.equal(regex.test(text), matched !== null)
  })
}

test('groups by number and by name, whoever runs them', () => {
  for (const [pattern, engine] of [
    ['/(?<first>a+)/(?P<second>b)?(c)', 'v8'],
    ['/(?<first>(?:aa?)+)/(?P<second>b)?(c)', 're2'],
  ] as const) {
    const regex = compileSafeRegex(pattern, { anchored: 'start' })
    assert.equal(regex.engine, engine)
    assert.deepEqual(regex.exec('/aaa/c'), {
      matched: '/aaa/c',
      list: ['aaa', '', 'c'],
      named: { first: 'aaa' },
    })
  }
})

const engines: [pattern: string, anchored: Anchored, engine: 'v8' | 're2', prefix: string][] = [
  ['/users/\\d+/profile$', 'start', 'v8', '/users/'],
  ['/users/(?<id>[^/]+)/orders', 'start', 'v8', '/users/'],
  ['/(shop)/x', 'start', 'v8', '/shop/x'],
  ['/shops?/x', 'start', 'v8', '/shop'],
  ['/a/.*', 'start', 'v8', '/a/'],
  ['/a/.*/b$', 'start', 'v8', '/a/'],
  ['/a/.*/b/.*', 'start', 'v8', '/a/'],
  ['/a|/b', 'start', 'v8', ''],
  ['(?i)/a', 'start', 'v8', ''],
  ['.*\\.php$', 'start', 'v8', ''],
  ['bot|crawler', 'none', 'v8', ''],
  ['/a/.*/b/.*/c', 'start', 're2', '/a/'],
  ['(a+)+$', 'start', 're2', ''],
  ['(a|a)*b', 'both', 're2', ''],
  ['a*a*a*b', 'both', 're2', ''],
  ['(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)b', 'start', 're2', ''],
  ['[a-z]+@x', 'none', 're2', ''],
  ['\\pL+', 'start', 're2', ''],
]

for (const [pattern, anchored, engine, prefix] of engines) {
  test(`${pattern} (${anchored}) runs on ${engine}, prefix '${prefix}'`, () => {
    const regex = compileSafeRegex(pattern, { anchored })
    assert.deepEqual([regex.engine, regex.prefix], [engine, prefix])
  })
}

const refused: [pattern: string, message: RegExp][] = [
  ['(?=a)b', /looks ahead or behind/],
  ['(?<!a)b', /looks ahead or behind/],
  ['(a)\\1', /refers back/],
  ['a)(b', /unexpected \)/],
  ['a**', /nested repetition/],
  ['[b-a]', /invalid character class range/],
  ['(?<n>a)(?<n>b)', /duplicate/],
  ['((a?){30}){30}', /instructions, at most 2048/],
  ['x'.repeat(patternLimit + 1), /at most 4096/],
]

for (const [pattern, message] of refused) {
  test(`${pattern.slice(0, 20)} is refused with a reason`, () => {
    assert.throws(
      () => compileSafeRegex(pattern, { anchored: 'start' }),
      (reason) => reason instanceof UnsafeRegexError && message.test(reason.message),
    )
  })
}

test('patterns that stall backtracking engines come to an end', () => {
  const stalling = [
    '(a+)+$',
    '(a|aa)+$',
    '(.*a){20}$',
    '([a-zA-Z]+)*$',
    'a*a*a*a*a*a*a*b',
    '(a?){30}a{30}$',
  ]
  for (const pattern of stalling) {
    for (const anchored of ['start', 'both', 'none'] as const) {
      const regex = compileSafeRegex(pattern, { anchored })
      regex.exec(`${'a'.repeat(8_000)}!`)
    }
  }
})

test('a text beyond the limit matches nothing; large programs have a lower one', () => {
  for (const pattern of ['a*', '(aa?)+']) {
    const regex = compileSafeRegex(pattern, { anchored: 'start' })
    assert.ok(regex.test('a'.repeat(textLimit)))
    assert.ok(!regex.test('a'.repeat(textLimit + 1)))
    assert.equal(regex.exec('a'.repeat(textLimit + 1)), null)
  }
  const large = compileSafeRegex('(a+a){50}a*', { anchored: 'start' })
  assert.ok(large.test('a'.repeat(1000)))
  assert.ok(!large.test('a'.repeat(textLimit)))
})

/** Patterns over two letters, so that parts overlap. */
const wild = fc
  .letrec<{ any: string; atom: string; repeat: string; sequence: string }>((tie) => ({
    atom: fc.oneof(
      { maxDepth: 1 },
      fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '/'),
      tie('any').map((inner) => `(${inner})`),
      tie('any').map((inner) => `(?:${inner})`),
    ),
    repeat: fc
      .tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '{0,2}', '{2}', '*?', '+?'))
      .map((both) => both.join('')),
    sequence: fc
      .array(tie('repeat'), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join('')),
    any: fc
      .tuple(
        fc.array(tie('sequence'), { minLength: 1, maxLength: 2 }),
        fc.constantFrom('', '', '$'),
      )
      .map(([options, end]) => options.join('|') + end),
  }))
  .any.filter((pattern) => pattern.length <= 40)
/** Like those that people write: loops over characters, groups that do not repeat. */
const tame = fc
  .array(
    fc.oneof(
      fc
        .tuple(
          fc.constantFrom('a', 'b', '/', '.', '[ab]', '[^/]', '[^a]'),
          fc.constantFrom('', '', '*', '+', '?', '*?', '{1,3}', '{2,}'),
        )
        .map((both) => both.join('')),
      fc.constantFrom('(a|b)', '(a|ab)', '(?:/b)?', '(?:a*b)?', '(?:a+/|b+/)', '(a|a)'),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .chain((parts) => fc.constantFrom(parts.join(''), `${parts.join('')}$`))
const texts = (maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength })
const anchors = fc.constantFrom<Anchored>('start', 'both', 'none')

test('every pattern takes what a backtracking engine takes', () => {
  fc.assert(
    fc.property(fc.oneof(tame, wild), anchors, texts(5), (pattern, anchored, text) => {
      const source = { start: `^(?:${pattern})`, both: `^(?:${pattern})$`, none: pattern }[anchored]
      const expected = new RegExp(source, 'u').exec(text)
      const regex = compileSafeRegex(pattern, { anchored })
      assert.equal(regex.test(text), expected !== null)
      // Of groups that may be empty and repeat, RE2 takes another share than V8 does.
      const matched = regex.exec(text)?.matched
      if (regex.engine === 'v8') assert.equal(matched, expected?.[0])
      else assert.equal(matched !== undefined, expected !== null)
    }),
    { numRuns: 2000 },
  )
})

test('a pattern that is proven linear costs a backtracking engine no more than that', () => {
  let proven = 0
  fc.assert(
    fc.property(
      fc.oneof(tame, tame, wild),
      anchors,
      texts(5),
      texts(3),
      (pattern, anchored, one, other) => {
        const parsed = parseRegex(pattern, false)
        if (parsed === null || !isProvenLinear(parsed, anchored)) return
        proven += 1
        // Long stretches that nearly match are the worst.
        for (const text of [`${one.repeat(60)}${other}`, `${other}${one.repeat(60)}!`]) {
          const limit = 256 * (countNodes(parsed.root) + 1) * (text.length + 1)
          const { steps } = countSteps(parsed.root, text, {
            lastStart: anchored === 'none' ? text.length : 0,
            wholeText: anchored === 'both',
            limit,
          })
          assert.ok(steps <= limit, `${pattern} on ${text}`)
        }
      },
    ),
    { numRuns: 2000 },
  )
  assert.ok(proven > 200)
})
