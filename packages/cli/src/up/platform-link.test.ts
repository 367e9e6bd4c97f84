import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClient, ProblemError } from '@keelson/contract'
import type { Context } from '../context.ts'
import { createOutput } from '../output.ts'
import { createPlatformFixture } from '../testing/platform-fixture.ts'
import { createPlatformLink } from './platform-link.ts'

const gone = 'http://127.0.0.1:9'

const createBench = (dataFolder: string) => {
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
  const platform = { url: gone, gatewayUrl: gone, pid: 0, version: '', headers: {}, call }
  const reporter = { warn: say, note: say }
  const now = () => nowMs
  const link = createPlatformLink({ context, platform, reporter, stack: 'shop', now })
  return { link, told, pass: (ms: number) => void (nowMs += ms) }
}

const fails = (error: Error) => (): Promise<never> => {
  throw error
}

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
  const problem = {
    status: 404,
    code: 'stack_not_found',
    title: '',
    detail: '',
    hint: '',
    type: '',
  }
  await link.read(fails(new ProblemError(problem as ProblemError['problem'])))
  assert.equal(link.fault(), undefined)
  pass(5000)
  assert.match(link.fault()?.message ?? '', /shop was taken down by somebody else/)
})
