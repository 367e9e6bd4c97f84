import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { MasterKeys } from '@keelson/contract'
import { checkMasterKey } from './master-key.ts'

const line = (number: number): string => `${number} ${randomBytes(32).toString('base64url')}\n`

const running = (more: Partial<MasterKeys> = {}): MasterKeys => ({
  ...{ source: 'file', file: '/data/master.key', inDataFolder: true, fault: null },
  resealing: false,
  keys: [
    { number: 1, inUse: false, holds: [], audited: true },
    { number: 2, inUse: true, holds: [], audited: true },
  ],
  ...more,
})

const openFolder = async () => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'keelson-doctor-key-'))
  return {
    dataFolder,
    file: join(dataFolder, 'master.key'),
    check: (env: Record<string, string> = {}, keys?: MasterKeys) =>
      checkMasterKey({ env, dataFolder }, keys),
    [Symbol.asyncDispose]: () => rm(dataFolder, { recursive: true }),
  }
}

test('a key in the data folder is fine once a running platform says so, and no backup holds it', async () => {
  await using folder = await openFolder()
  await writeFile(folder.file, `# ours\n${line(1)}${line(2)}`, { mode: 0o600 })
  const alone = await folder.check()
  // It may be of another installation.
  assert.equal(alone.state, 'skipped')
  assert.match(
    alone.detail,
    /mode 600, in the data folder\), 2 to use; only a running Keelson can tell whether/,
  )
  assert.match(alone.detail, /no backup holds it/)
  const known = await folder.check({}, running())
  assert.equal(known.state, 'ok')
  assert.match(known.detail, /key 2 is in use and that of the database/)
})

test('a key that others may read, or that is none, is told with the way out', async () => {
  await using folder = await openFolder()
  await writeFile(folder.file, line(1), { mode: 0o644 })
  const open = await folder.check()
  assert.deepEqual([open.state, open.hint], ['failed', `chmod 600 ${folder.file}`])
  await rm(folder.file)
  await writeFile(folder.file, 'secret', { mode: 0o600 })
  const wrong = await folder.check()
  assert.equal(wrong.state, 'failed')
  assert.doesNotMatch(JSON.stringify(wrong), /secret/)
  await writeFile(folder.file, `${line(1)}${line(2)}${line(1)}`)
  const twice = await folder.check()
  assert.deepEqual([twice.state, twice.detail], ['failed', `${folder.file} has key 1 twice`])
})

test('a key that is lost is told apart from one that is not made yet', async () => {
  await using folder = await openFolder()
  assert.equal((await folder.check()).state, 'skipped')
  await writeFile(join(folder.dataFolder, 'token'), 'x')
  const lost = await folder.check()
  assert.equal(lost.state, 'failed')
  assert.match(lost.detail, /is gone/)
})

test('what the platform could not start with again is told while it still runs', async () => {
  await using folder = await openFolder()
  const fault = 'Master key 1, which is in use, is no longer there or another one'
  const found = await folder.check({}, running({ fault }))
  assert.equal(found.state, 'failed')
  assert.match(`${found.detail} ${found.hint ?? ''}`, /no longer there .* before Keelson stops/)
})

test('a command is not run, and what the platform has of it is told', async () => {
  await using folder = await openFolder()
  const env = { KEELSON_MASTER_KEY_COMMAND: `touch ${folder.file}` }
  assert.equal((await folder.check(env)).state, 'skipped')
  const known = await folder.check(env, running({ source: 'command', file: null }))
  assert.match(known.detail, /by KEELSON_MASTER_KEY_COMMAND, key 2 is in use/)
})
