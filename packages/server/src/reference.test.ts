import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { errorTable, isErrorCode } from '@keelson/contract/errors'
import { environmentVariables } from './kernel/env.ts'

const root = resolve(import.meta.dirname, '../../..')
const run = promisify(execFile)

const sources = globSync('packages/*/src/**/*.{ts,tsx}', { cwd: root })
  .filter((file) => !file.includes('.test.') && file !== 'packages/contract/src/errors.ts')
  .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }))

test('docs/reference, docs/rules and the diagram say what the program does', async () => {
  const script = join(root, 'scripts/generate-reference.ts')
  await run(process.execPath, ['--disable-warning=ExperimentalWarning', script, '--check'])
})

test('every error code is made somewhere', () => {
  const unused = Object.keys(errorTable).filter(
    (code) => !sources.some(({ text }) => text.includes(`'${code}'`)),
  )
  assert.deepEqual(unused, [])
})

test('every error that is made has a code of the table', () => {
  const made = sources
    .filter(({ file }) => !file.startsWith('packages/compose/'))
    .flatMap(({ file, text }) =>
      [...text.matchAll(/new AppError\(\s*'(\w+)'/g)].map(([, code = '']) => ({ file, code })),
    )
  assert.ok(made.length > 50, `only ${made.length} were found`)
  assert.deepEqual(
    made.filter(({ code }) => !isErrorCode(code)),
    [],
  )
})

test('every variable the program reads by name is in the table', () => {
  const known = new Set([...Object.keys(environmentVariables)])
  const read = sources
    .filter(({ file }) => file.startsWith('packages/server/') && !file.includes('/testing/'))
    .flatMap(({ file, text }) =>
      [...text.matchAll(/\b(?:process\.env|raw)\['(\w+)'\]/g)].map(([, name = '']) => ({
        file,
        name,
      })),
    )
  // Told by Node and by the system to every program.
  const foreign = new Set([
    'NODE_COMPILE_CACHE',
    'PATH',
    'PATHEXT',
    'HOME',
    'TZ',
    'LANG',
    'XDG_RUNTIME_DIR',
  ])
  assert.deepEqual(
    read.filter(({ name }) => !known.has(name) && !foreign.has(name)),
    [],
  )
})
