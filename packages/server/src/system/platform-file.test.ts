import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { platformFile } from './platform-file.ts'

const facts = {
  pid: 42,
  startedAt: '2026-01-01T00:00:00Z',
  url: 'http://127.0.0.1:7070',
  gatewayUrl: 'http://127.0.0.1:8080',
  version: '0.1.0',
}

test('the facts are written whole, replaced, and removed', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-facts-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const file = platformFile(folder)
  await file.write(facts)
  await file.write({ ...facts, pid: 43 })
  const path = join(folder, 'platform.json')
  assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), { ...facts, pid: 43 })
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(await readdir(folder), ['platform.json'])
  await file.remove()
  await file.remove()
  assert.deepEqual(await readdir(folder), [])
})
