import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { conformanceDir, missingConformance, readCases } from './conformance.ts'
import { EnvFileError, parseEnvFile, parseRawEnvFile } from './dotenv.ts'

type EnvFileCase = {
  test: string
  input?: string
  file?: string
  env?: Record<string, string>
  already?: Record<string, string>
  expected?: Record<string, string>
  error?: string
}

const table = 'compose/dotenv.json'

test('reads env files like compose-go', { skip: missingConformance(table) }, () => {
  const cases = readCases<EnvFileCase>(table)
  assert.equal(cases.length, 121)
  for (const { input, file, env = {}, already = {}, expected, error } of cases) {
    const text = input ?? readFileSync(`${conformanceDir}/compose/${file}`, 'utf8')
    const before = new Map(Object.entries(already))
    const parse = () => parseEnvFile(text, (name) => env[name], before)
    if (error !== undefined) {
      const line = Number(/^line (\d+)/.exec(error)?.[1])
      assert.throws(parse, (thrown: unknown) => {
        assert.ok(thrown instanceof EnvFileError)
        assert.equal(thrown.line, line, text)
        const words = error.replace(/^line \d+: /, '').split('"')[0] ?? ''
        assert.ok(thrown.message.startsWith(words.replace(/'.*$/, '').trim()), thrown.message)
        return true
      })
      continue
    }
    const after = parse().assignments.map(({ name, value }) => [name, value] as const)
    assert.deepEqual({ ...already, ...Object.fromEntries(after) }, expected, text)
  }
})

test('an assignment knows its line and column', () => {
  const { assignments } = parseEnvFile('# top\nA="x\ny"\n  export B=2\n', () => undefined)
  assert.deepEqual(assignments, [
    { name: 'A', value: 'x\ny', line: 2, column: 1 },
    { name: 'B', value: '2', line: 4, column: 3 },
  ])
})

test('a refusal does not repeat the value', () => {
  for (const text of ['TOKEN="s3cret', "TOKEN='s3cret", 'TOKEN="${s3cret "\n']) {
    assert.throws(
      () => parseEnvFile(text, () => undefined),
      (thrown: unknown) => thrown instanceof EnvFileError && !thrown.message.includes('s3cret'),
    )
  }
})

test('no value holds NUL, which no process could be given', () => {
  const refusal = { line: 2, message: 'a variable cannot hold NUL' }
  for (const text of ['A=1\nB="x\\0000"', 'A=1\nB=x\0', "A=1\nB='x\0'"]) {
    assert.throws(() => parseEnvFile(text, () => undefined), refusal)
  }
  for (const text of ['A=1\nB=x\0', 'A=1\nB\0=x']) {
    assert.throws(() => parseRawEnvFile(text, () => undefined), refusal)
  }
})

test('a name alone on the last line is taken from the environment', () => {
  assert.deepEqual(
    parseEnvFile('HOME', () => '/root').assignments.map((a) => a.value),
    ['/root'],
  )
})

test('the raw format keeps quotes, dollars and comments', () => {
  const { assignments } = parseRawEnvFile('# c\nA="x" # y\nB=$HOME\r\nC\nD', (name) =>
    name === 'C' ? 'c' : undefined,
  )
  assert.deepEqual(
    assignments.map(({ name, value, line }) => [name, value, line]),
    [
      ['A', '"x" # y', 2],
      ['B', '$HOME', 3],
      ['C', 'c', 4],
    ],
  )
})
