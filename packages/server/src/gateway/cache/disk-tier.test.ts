import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { test, type TestContext } from 'node:test'
import { DiskTier } from './disk-tier.ts'
import { aRequest, aStored } from './testing/stored.ts'

const mebibyte = 1024 * 1024

const folderFor = async (t: TestContext): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-disk-tier-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const opened = async (folder: string, maxBytes = mebibyte): Promise<DiskTier> => {
  const tier = new DiskTier({ folder, maxBytes })
  await tier.ready
  return tier
}

const request = (name: string) => aRequest([], { url: `http://shop.test/${name}` })

const bodyOf = async (tier: DiskTier, name: string): Promise<string | undefined> => {
  const [stored] = await tier.find(request(name))
  return stored?.body.toString()
}

/** Closes the tier, so that everything is written, and opens the folder again. */
const reopened = async (tier: DiskTier, folder: string): Promise<DiskTier> => {
  await tier.close()
  return opened(folder)
}

const files = async (folder: string): Promise<string[]> => {
  const place = join(folder, 'place-0')
  const names = await readdir(place)
  return names.filter((name) => /^[0-9a-f]{64}$/.test(name)).map((name) => join(place, name))
}

void test('answers outlive the process', async (t) => {
  const folder = await folderFor(t)
  const first = await opened(folder)
  first.store(aStored({ request: request('a'), body: 'one' }))
  const second = await reopened(first, folder)
  assert.equal(await bodyOf(second, 'a'), 'one')
  assert.deepEqual([second.size, second.corrupt], [1, 0])
  await second.close()
})

const damages: readonly [about: string, damage: (file: string) => Promise<void>][] = [
  ['cut', async (file) => truncate(file, (await stat(file)).size - 1)],
  ['emptied', (file) => truncate(file, 0)],
  ['cut within the head', (file) => truncate(file, 100)],
  ['longer', (file) => writeFile(file, 'x', { flag: 'a' })],
  ['something else', (file) => writeFile(file, 'hello')],
]

void test('damaged files are dropped when the folder is opened', async (t) => {
  for (const [about, damage] of damages) {
    const folder = await folderFor(t)
    const first = await opened(folder)
    first.store(aStored({ request: request('a') }))
    await first.close()
    for (const file of await files(folder)) await damage(file)
    const second = await opened(folder)
    assert.equal(await bodyOf(second, 'a'), undefined, about)
    assert.deepEqual([second.size, second.corrupt, await files(folder)], [0, 1, []], about)
    await second.close()
  }
})

void test('a body that rotted is never served, and goes', async (t) => {
  const folder = await folderFor(t)
  const first = await opened(folder)
  first.store(aStored({ request: request('a'), body: 'sound' }))
  await first.close()
  const [file = ''] = await files(folder)
  const bytes = await readFile(file)
  bytes.write('rotte', bytes.length - 5)
  await writeFile(file, bytes)
  const second = await opened(folder)
  assert.equal(await bodyOf(second, 'a'), undefined)
  await second.settled()
  assert.deepEqual([second.corrupt, await files(folder)], [1, []])
  await second.close()
})

void test('files stay below the bound, the longest unused go first', async (t) => {
  const folder = await folderFor(t)
  const tier = await opened(folder, 40_000)
  for (let number = 0; number < 20; number++) {
    tier.store(aStored({ request: request(String(number)), body: Buffer.alloc(9000) }))
    assert.ok(tier.bytes <= 40_000)
  }
  const again = await reopened(tier, folder)
  assert.deepEqual([again.size, await bodyOf(again, '0')], [4, undefined])
  assert.equal((await files(folder)).length, 4)
  await again.close()
})

void test('a purge is not undone by what was being written', async (t) => {
  const folder = await folderFor(t)
  const tier = await opened(folder)
  tier.store(aStored({ request: request('a') }))
  tier.store(aStored({ request: request('b') }))
  assert.equal(tier.purge({ by: 'url', url: 'http://shop.test/a' }), 1)
  const again = await reopened(tier, folder)
  assert.deepEqual([await bodyOf(again, 'a'), await bodyOf(again, 'b')], [undefined, '0123456789'])
  await again.close()
})

void test('what is still being written is not found, least of all what was there before', async (t) => {
  const tier = await opened(await folderFor(t))
  tier.store(aStored({ request: request('a'), body: 'old' }))
  await tier.settled()
  tier.store(aStored({ request: request('a'), body: 'new' }))
  assert.equal(await bodyOf(tier, 'a'), undefined)
  await tier.settled()
  assert.equal(await bodyOf(tier, 'a'), 'new')
  tier.purge({ by: 'all' })
  tier.store(aStored({ request: request('a'), body: 'newest' }))
  assert.equal(await bodyOf(tier, 'a'), undefined)
  await tier.settled()
  assert.deepEqual([await bodyOf(tier, 'a'), tier.corrupt], ['newest', 0])
  await tier.close()
})

void test('two at once take places of their own; a dead one leaves its place', async (t) => {
  const folder = await folderFor(t)
  const first = await opened(folder)
  const second = await opened(folder)
  second.store(aStored({ request: request('a') }))
  await second.close()
  assert.deepEqual((await readdir(folder)).toSorted(), ['place-0', 'place-1'])
  await first.close()
  await writeFile(join(folder, 'place-0', 'owner'), '999999999 0')
  const third = await opened(folder)
  third.store(aStored({ request: request('b') }))
  await third.close()
  assert.equal((await files(folder)).length, 1)
})

void test('a folder that cannot be used makes misses, not errors', async (t) => {
  const folder = await folderFor(t)
  await writeFile(join(folder, 'file'), '')
  const tier = await opened(join(folder, 'file'))
  tier.store(aStored({ request: request('a') }))
  assert.deepEqual([await bodyOf(tier, 'a'), tier.failures], [undefined, 1])
  await tier.close()
})

void test('killed at any moment, it leaves whole answers only', { timeout: 60_000 }, async (t) => {
  const folder = await folderFor(t)
  await mkdir(folder, { recursive: true })
  let found = 0
  for (let round = 0; round < 5; round++) {
    const writer = spawn(
      process.execPath,
      [fileURLToPath(new URL('testing/disk-writer.ts', import.meta.url)), folder],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let lines = 0
    for await (const _line of createInterface({ input: writer.stdout })) {
      lines += 1
      if (lines > 20 + 7 * round) break
    }
    const gone = once(writer, 'exit')
    writer.kill('SIGKILL')
    await gone
    const tier = await opened(folder, 64 * mebibyte)
    // A rename is whole or not there, so nothing is left to be found wrong.
    assert.equal(tier.corrupt, 0)
    for (let number = 0; number < 50; number++) {
      const body = await bodyOf(tier, String(number))
      if (body === undefined) continue
      found += 1
      assert.equal(new Set(body).size, 1, 'a body of two halves')
    }
    await tier.close()
    assert.deepEqual(await readdir(join(folder, 'place-0', 'drafts')), [])
  }
  assert.ok(found > 0)
})
