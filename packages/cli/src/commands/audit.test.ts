import assert from 'node:assert/strict'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPlatformFixture, runKeelson, type Answer } from '../testing/platform-fixture.ts'

/** `audit export` with a platform that answers this to it. */
const open = async (answer: Answer) => {
  const platform = await createPlatformFixture(() => answer)
  const run = (...args: string[]) =>
    runKeelson(['audit', 'export', ...args], { env: platform.env, cwd: platform.folder })
  return { ...platform, run, file: join(platform.folder, 'audit.jsonl') }
}

const rows = '{"id":"a"}\n{"id":"b"}\n'

test('an export says how many rows it wrote, and writes over a file only when it is told to', async () => {
  await using keelson = await open({ text: rows })
  const first = await keelson.run('-o', 'audit.jsonl')
  assert.deepEqual([first.code, first.stdout], [0, ''])
  assert.equal(first.stderr, '2 rows of the audit written to audit.jsonl\n')
  await writeFile(keelson.file, 'of last year, and longer than the new one')
  const second = await keelson.run('-o', 'audit.jsonl')
  assert.equal(second.code, 2)
  assert.match(second.stderr, /audit\.jsonl is there already[^]*--force/)
  assert.match(await readFile(keelson.file, 'utf8'), /last year/)
  assert.equal((await keelson.run('-o', 'audit.jsonl', '--force')).code, 0)
  assert.equal(await readFile(keelson.file, 'utf8'), rows)
  const csv = await keelson.run('--format', 'csv', '-o', 'audit.csv')
  assert.match(csv.stderr, /^1 row of the audit/, 'the first line is the head')
})

test('a refused export leaves no file behind, and the one before as it was', async () => {
  const refusal = { type: '', title: '', code: 'forbidden', detail: 'no', hint: '', status: 403 }
  await using keelson = await open({ status: 403, body: refusal })
  assert.equal((await keelson.run('-o', 'new.jsonl')).code, 4)
  assert.equal((await readdir(keelson.folder)).includes('new.jsonl'), false)
  await writeFile(keelson.file, 'of last year')
  assert.equal((await keelson.run('-o', 'audit.jsonl', '--force')).code, 4)
  assert.equal(await readFile(keelson.file, 'utf8'), 'of last year')
})
