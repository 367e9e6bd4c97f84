import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClient, ProblemError } from '@keelson/sdk'
import type { Context } from '../context.ts'
import { tableError } from '../failure.ts'
import { createOutput } from '../output.ts'
import { createPlatformFixture } from '../testing/platform-fixture.ts'
import { createPlatformLink } from './platform-link.ts'

const gone = 'http://127.0.0.1:9'

const createBench = (dataFolder: string, pid = process.pid) => {
  let nowMs = 0
  const told: string[] = []
  const say = (text: string) => void told.push(text)
  const context: Context = {
    ...{ cwd: '/nowhere', env: {}, dataFolder },
    output: createOutput({ env: {}, color: false, quiet: true }),
    shared: {
      ...{ files: [], envFiles: [], projectName: undefined, projectFolder: undefined },
      ...{ profiles: [], json: false, quiet: true },
    },
  }
  const call = createClient({ baseUrl: gone })
  const platform = { url: gone, gatewayUrl: gone, pid, headers: async () => ({}), call }
  const reporter = { warn: say, note: say }
  const now = () => nowMs
  const link = createPlatformLink({ context, platform, reporter, stack: 'shop', now })
  return { link, told, pass: (ms: number) => void (nowMs += ms) }
}

const fails = (error: Error) => (): Promise<never> => {
  throw error
}

const problemOf = (status: number): ProblemError =>
  new ProblemError({
    ...{ status, code: 'internal', title: '', detail: `no: ${status}`, hint: '', type: '' },
  })

test('after a loss the platform is looked for anew, wherever it is by then', async () => {
  await using fixture = await createPlatformFixture(() => undefined)
  const { link } = createBench(fixture.folder)
  assert.equal(await link.read(fails(new TypeError('fetch failed'))), undefined)
  assert.equal(link.isLost(), true)
  assert.equal(await link.read(({ url }) => Promise.resolve(url)), fixture.url)
  assert.equal(link.isLost(), false)
  assert.equal(link.platform().url, fixture.url)
})

test('a platform that was stopped on purpose is not waited for as one that died', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-link-'))
  const { link, told, pass } = createBench(folder)
  await link.read(fails(new TypeError('fetch failed')))
  pass(5000)
  assert.equal(link.fault(), undefined)
  await link.read(() => Promise.resolve('never asked'))
  assert.match(link.fault()?.message ?? '', /stopped by another command, so shop is not up/)
  assert.deepEqual(told, [])
  await rm(folder, { recursive: true })
})

test('a platform that died has its time to come back, and no more', async () => {
  const { link, pass } = createBench('/nowhere')
  await link.read(fails(new TypeError('fetch failed')))
  pass(89_999)
  assert.equal(link.fault(), undefined)
  pass(1)
  assert.match(link.fault()?.message ?? '', /has not answered for 90 s; whether shop is up/)
})

test('a stack that somebody took down is told, and not waited for', async () => {
  const { link, pass } = createBench('/nowhere')
  await link.read(fails(problemOf(404)))
  assert.equal(link.fault(), undefined)
  pass(5000)
  assert.match(link.fault()?.message ?? '', /shop was taken down by somebody else/)
})

for (const error of [problemOf(400), problemOf(401), new TypeError('x is not a function')]) {
  test(`what waiting does not heal is told at once: ${error.message}`, async () => {
    const { link } = createBench('/nowhere')
    assert.equal(await link.read(fails(error)), undefined)
    assert.equal(link.fault(), error)
  })
}

for (const error of [
  problemOf(500),
  problemOf(503),
  new TypeError('terminated'),
  new DOMException('late', 'TimeoutError'),
  tableError('platform_unreachable', 'Keelson has not answered for 30 s'),
]) {
  test(`what may pass has its time: ${error.message}`, async () => {
    const { link } = createBench('/nowhere')
    assert.equal(await link.read(fails(error)), undefined)
    assert.equal(link.fault(), undefined)
    assert.equal(link.isLost(), true)
  })
}

test('a stream connects nowhere while the platform is lost, and then where it is', async () => {
  await using fixture = await createPlatformFixture(() => undefined)
  const { link } = createBench(fixture.folder)
  assert.equal((await link.liveTarget())?.url, gone, 'the one that was just found')
  await link.read(fails(new TypeError('fetch failed')))
  assert.equal(await link.liveTarget(), undefined)
  await link.read(() => Promise.resolve('back'))
  assert.equal((await link.liveTarget())?.url, fixture.url)
})

test('a platform whose process is gone is not asked where it was', async () => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'exit')
  const { link } = createBench('/nowhere', child.pid)
  assert.equal(await link.liveTarget(), undefined)
  const asked: string[] = []
  await link.read(({ url }) => Promise.resolve(asked.push(url)))
  assert.deepEqual([asked, link.isLost()], [[], true])
})
