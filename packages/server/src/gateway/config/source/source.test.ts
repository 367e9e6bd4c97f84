import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createLineIndex } from './positions.ts'
import { parseSource, wholeYamlLengthMax } from './source.ts'
import { renderTemplates } from './templates.ts'

const place = (text: string, path: (string | number)[], atKey = false): string => {
  const parsed = parseSource(text)
  assert.ok('value' in parsed)
  const { line, column } = createLineIndex(text)(parsed.positions().offsetOf(path, atKey))
  return `${line}:${column}`
}

describe('places', () => {
  const texts = {
    'plain YAML': 'a:\n  - b: x\n    c: [1, 2]\n',
    'YAML with an anchor': 'a:\n  - b: &x x\n    c: [1, 2]\n',
    JSON: '{ "a":\n [  { "b": "x",\n    "c": [1, 2] } ] }',
  }
  for (const [name, text] of Object.entries(texts)) {
    test(name, () => {
      assert.equal(place(text, ['a', 0, 'c', 1]), name === 'JSON' ? '3:14' : '3:12')
      assert.equal(place(text, ['a', 0, 'c'], true), '3:5')
      assert.equal(place(text, ['a', 0, 'none']), place(text, ['a', 0]), 'what is around it')
    })
  }

  test('JSON with all that JSON has', () => {
    const value = { 'a"\\': [true, null, -1.5e3, {}, [], 'x, ] } "'], __proto__x: { b: 'é\u2028' } }
    for (const indent of [0, 1]) {
      const text = JSON.stringify({ first: [[1]], ...value, last: 'here' }, null, indent)
      const parsed = parseSource(text)
      assert.ok('value' in parsed)
      const positions = parsed.positions()
      assert.equal(positions.offsetOf(['last']), text.lastIndexOf('"here"'))
      assert.equal(positions.offsetOf(['last'], true), text.lastIndexOf('"last"'))
      assert.equal(positions.offsetOf(['a"\\', 5]), text.indexOf('"x, ] }'))
      assert.equal(positions.offsetOf(['__proto__x', 'b']), text.indexOf('"é'))
    }
  })

  test('through an alias', () => {
    assert.equal(place('a: &x\n  b: 1\nc: *x\n', ['c', 'b']), '2:6')
  })
})

describe('bombs', () => {
  test('aliases that multiply', () => {
    const levels = Array.from({ length: 30 }, (_, at) => {
      const items = Array.from({ length: 9 }, () => (at === 0 ? 'x' : `*a${at - 1}`))
      return `a${at}: &a${at} [${items.join(', ')}]`
    })
    const parsed = parseSource(levels.join('\n'))
    assert.ok('errors' in parsed)
    assert.match(parsed.errors[0]?.message ?? '', /^This YAML cannot be read\. .*alias/)
  })

  test('more than can be read in time', () => {
    const text = `a: &x ${'x'.repeat(wholeYamlLengthMax)}`
    const parsed = parseSource(text)
    assert.ok('errors' in parsed)
    assert.match(parsed.errors[0]?.message ?? '', /larger than 16 MB/)
  })

  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  const deep: Record<string, string> = {
    'a list in itself': 'x: 1\na: &a\n  - b: *a\n',
    'lists in lists': `x: 1\na:\n  ${nested(65)}\n`,
    'lists past the stack': `x: 1\na:\n  ${nested(100_000)}\n`,
    'maps in maps': `x: 1\na:\n${Array.from({ length: 5_000 }, (_, at) => `${' '.repeat(at + 1)}a:\n`).join('')}`,
    JSON: `{"x":1,\n\n"a":${nested(64)}}`,
  }
  for (const [name, text] of Object.entries(deep)) {
    test(`nested too deeply: ${name}`, () => {
      const parsed = parseSource(text)
      assert.ok('errors' in parsed)
      const { offset, message } = parsed.errors[0] ?? { offset: 0, message: '' }
      assert.match(message, /nested (?:too deeply|more than 64 levels deep)/)
      assert.ok(createLineIndex(text)(offset).line >= 3)
    })
  }

  test('JSON past the stack', () => {
    const parsed = parseSource(`{"a":${nested(200_000)}}`)
    assert.ok('errors' in parsed)
    assert.match(parsed.errors[0]?.message ?? '', /more than 64 levels deep/)
  })

  test('brackets without end', () => {
    const parsed = parseSource('['.repeat(100_000))
    assert.ok('errors' in parsed)
  })
})

test('what libyaml reads otherwise than YAML 1.2', () => {
  const parsed = parseSource('a: yes\nb: 0777\nc: 2001-01-01\nd: !!binary eA==\n')
  assert.ok('value' in parsed)
  assert.deepEqual(parsed.value, { a: true, b: 511, c: '2001-01-01', d: 'eA==' })
})

describe('templates of decK', () => {
  const environment = { DECK_HOST: 'a.example', DECK_PORT: '80', DECK_ON: '1', DECK_PEM: 'a\nb\n' }
  const cases: Record<string, string> = {
    'x: ${{ env "DECK_HOST" }}': 'x: a.example',
    'x: ${{env "DECK_PORT"|toInt}}': 'x: 80',
    'x: ${{ env "DECK_ON" | toBool }}': 'x: true',
    'x: "a ${{ env "DECK_HOST" }} b"': 'x: "a a.example b"',
    'x: ${{ env "DECK_PEM" }}': 'x: "a\\nb\\n"',
    '# ${{ env "DECK_NONE" }}': '# ${{ env "DECK_NONE" }}',
    'x: ${HOST}': 'x: ${HOST}',
  }
  for (const [written, expected] of Object.entries(cases)) {
    test(written, () => assert.equal(renderTemplates(written, environment).text, expected))
  }

  const refusals: Record<string, string> = {
    'x: ${{ env "DECK_NONE" }}': 'The environment variable DECK_NONE is not set.',
    'x: ${{ env "HOME" }}': 'The variable HOME does not start with DECK_.',
    'x: ${{ env "DECK_HOST" | toInt }}': 'The environment variable DECK_HOST is not an integer.',
    'x: ${{ exec "x" }}': 'This template cannot be read: exec "x".',
    'x: ${{ env "DECK_toString" }}': 'The environment variable DECK_toString is not set.',
  }
  for (const [written, message] of Object.entries(refusals)) {
    test(written, () => {
      const { faults } = renderTemplates(written, environment)
      assert.deepEqual(
        faults.map((fault) => [fault.offset, fault.message]),
        [[3, message]],
      )
    })
  }

  test('places are those of the written text', () => {
    const written = 'x: ${{ env "DECK_HOST" }} # c\ny: 1\nz: ${{ env "DECK_PORT" }}\n'
    const rendered = renderTemplates(written, environment)
    const { text } = rendered
    assert.equal(rendered.writtenOffset(text.indexOf('y: 1')), written.indexOf('y: 1'))
    assert.equal(rendered.writtenOffset(text.indexOf('80')), written.indexOf('${{ env "DECK_PORT'))
    assert.equal(rendered.writtenOffset(text.length), written.length)
  })
})
