import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { faultsMax } from './faults.ts'
import { readGatewayConfig } from './read.ts'
import { testPlugins } from './testing/plugin-table.ts'
import { validFile } from './testing/valid-file.ts'
import { writeGatewayConfig } from './write.ts'

/** Reads, or refuses with places inside of the text: nothing else may happen. */
const readsOrRefuses = (text: string): void => {
  const { config, faults } = readGatewayConfig(
    { text, file: 'kong.yml' },
    { environment: { X: 'y', DECK_X: 'y' }, plugins: testPlugins },
  )
  assert.ok(faults.length <= faultsMax)
  const lines = text.split('\n').length
  for (const { line, column, message } of faults) {
    assert.ok(line >= 1 && line <= lines && column >= 1, `${line}:${column} ${message}`)
    assert.match(message, /[.!?]$/)
  }
  if (faults.length === 0) writeGatewayConfig(config, { secrets: 'mask', forKong: true })
}

test('any text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), readsOrRefuses), {
    numRuns: 1000,
  })
})

const anything = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      null,
      true,
      -1,
      1.5,
      '',
      'a',
      '{vault://env/x}',
      '${{ env "DECK_X" }}',
      '__proto__',
      'constructor',
    ),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        'id',
        'name',
        'config',
        'routes',
        'plugins',
        'service',
        'tags',
        '__proto__',
        'constructor',
        'x-keelson',
        'healthchecks',
        'split',
        'rules',
        'mirror',
        'retry',
        'url',
      ),
      tie('any'),
      { maxKeys: 4 },
    ),
  ),
})).any

/** Puts something else in one place of a value. */
const replaceAt = (value: unknown, picks: readonly number[], by: unknown): unknown => {
  const [pick, ...rest] = picks
  if (pick === undefined || typeof value !== 'object' || value === null) return by
  const keys = Object.keys(value)
  const key = keys[pick % Math.max(keys.length, 1)]
  if (key === undefined) return by
  const changed = replaceAt((value as Record<string, unknown>)[key], rest, by)
  return Array.isArray(value)
    ? value.map((item: unknown, at) => (String(at) === key ? changed : item))
    : { ...value, [key]: changed }
}

test('a right file with something else in one place', () => {
  const picks = fc.array(fc.nat(20), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(validFile, picks, anything, (file, path, by) => {
      readsOrRefuses(JSON.stringify(replaceAt(file, path, by)))
    }),
    { numRuns: 500 },
  )
})

test('a right file with its text cut and mixed', () => {
  const cut = fc.tuple(
    fc.nat(),
    fc.nat(40),
    fc.constantFrom('', '&a ', '*a', '- ', ': ', '\n', '{', ']', '"', '\t', '|', '!!x ', '<<: '),
  )
  fc.assert(
    fc.property(validFile, fc.array(cut, { minLength: 1, maxLength: 4 }), (file, cuts) => {
      const source = { text: JSON.stringify(file), file: 'kong.json' }
      const { config } = readGatewayConfig(source, { environment: {}, plugins: testPlugins })
      let { text } = writeGatewayConfig(config, { secrets: 'keep', forKong: false })
      for (const [at, length, by] of cuts) {
        const start = at % text.length
        text = text.slice(0, start) + by + text.slice(start + length)
      }
      readsOrRefuses(text)
    }),
    { numRuns: 500 },
  )
})
