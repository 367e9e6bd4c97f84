import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadLocalToken } from './local-token.ts'

const openFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-token-'))
  return {
    folder,
    file: join(folder, 'token'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

const modeOf = async (file: string): Promise<string> =>
  ((await stat(file)).mode & 0o777).toString(8)

test('a token is made once, and read by nobody else', async () => {
  await using at = await openFolder()
  const made = await loadLocalToken(at.file)
  assert.match(made.reveal(), /^[A-Za-z0-9_-]{43}$/)
  assert.equal(await modeOf(at.file), '600')
  assert.equal((await loadLocalToken(at.file)).reveal(), made.reveal())
  assert.deepEqual(await readdir(at.folder), ['token'])
})

test('all who start at the same time agree on one token', async () => {
  for (let round = 0; round < 20; round += 1) {
    await using at = await openFolder()
    const tokens = await Promise.all(Array.from({ length: 8 }, () => loadLocalToken(at.file)))
    const told = new Set(tokens.map((token) => token.reveal()))
    told.add((await readFile(at.file, 'utf8')).trim())
    assert.equal(told.size, 1)
    assert.deepEqual(await readdir(at.folder), ['token'])
  }
})

for (const remnant of ['', 'half-a-tok', `${'x'.repeat(43)}\nmore`]) {
  test(`a file that holds ${JSON.stringify(remnant)} is made anew`, async () => {
    await using at = await openFolder()
    await writeFile(at.file, remnant)
    const made = await loadLocalToken(at.file)
    assert.equal((await readFile(at.file, 'utf8')).trim(), made.reveal())
    assert.equal(await modeOf(at.file), '600')
  })
}

test('a token others could read is closed to them', async () => {
  await using at = await openFolder()
  const made = await loadLocalToken(at.file)
  await chmod(at.file, 0o644)
  assert.equal((await loadLocalToken(at.file)).reveal(), made.reveal())
  assert.equal(await modeOf(at.file), '600')
})

test('a folder that is not there is an error, not a token in memory', async () => {
  await using at = await openFolder()
  await assert.rejects(loadLocalToken(join(at.folder, 'none/token')), /ENOENT/)
})
