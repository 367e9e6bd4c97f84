import assert from 'node:assert/strict'
import { mkdtemp, mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../../kernel/clock.ts'
import { createManualClock } from '../../../kernel/testing/clock.ts'
import { until } from '../../testing/gateway.ts'
import { testExchange } from '../testing/exchange.ts'
import { createCalls } from './calls.ts'
import { openOwnPlugins } from './index.ts'
import { limits } from './limits.ts'
import { supervise } from './supervisor.ts'
import { openPlugins, pluginOf } from './testing/plugin-folder.ts'
import { viewOf } from './view.ts'

const log = { info: () => {}, warn: () => {}, error: () => {} }

test('calls end by their answer, their time limit, or the end of the plugin, once', async () => {
  const clock = createManualClock()
  const calls = createCalls(clock)
  const ids: number[] = []
  const begin = () => calls.begin((id) => ids.push(id) > 0, 200)
  const [answered, failed, late] = [begin(), begin(), begin()]
  calls.done(ids[0] ?? 0, null)
  calls.failed(ids[1] ?? 0, 'boom')
  assert.equal(await answered, null)
  await assert.rejects(failed, /boom/)
  clock.advance(200)
  await assert.rejects(late, /no answer within 200 ms/)
  calls.done(ids[2] ?? 0, null)
  const unread = begin()
  clock.advance(200)
  calls.done(ids[3] ?? 0, null)
  assert.equal(await unread, null)
  const left = begin()
  calls.failAll('it ended')
  await assert.rejects(left, /it ended/)
})

test('so many calls are under way, and more fail at once', async () => {
  const calls = createCalls(createManualClock())
  const begun = Array.from({ length: limits.calls }, () => calls.begin(() => true, 200))
  await assert.rejects(
    calls.begin(() => assert.fail('it was sent'), 200),
    /too many calls wait for it/,
  )
  calls.failAll('over')
  for (const one of begun) await assert.rejects(one, /over/)
})

test('what a plugin has not taken is kept up to a limit, and more fails at once', async () => {
  const hooks = `{ access: () => { console.log('loops'); for (;;) {} } }`
  await using own = await openPlugins({ bad: pluginOf('bad', hooks) })
  let loops = false
  const supervisor = await supervise({
    ...{ name: 'bad', file: join(own.folder, 'bad/index.ts') },
    ...{ log: { ...log, info: () => void (loops = true) }, clock: createManualClock() },
  })
  try {
    const instance = supervisor.open('id', {}, () => {})
    const seen = viewOf(testExchange(), null)
    const ask = (body: Buffer | null) => instance.call({ type: 'access', seen, body }, 60_000)
    const reasons: string[] = []
    const note = (error: Error): void => void reasons.push(error.message)
    const first = ask(null).catch(note)
    await until(() => loops, 'the loop')
    const body = Buffer.alloc(1024 * 1024)
    const all = Array.from({ length: 40 }, () => ask(body).catch(note))
    await until(() => reasons.length > 0, 'refused calls')
    assert.deepEqual(new Set(reasons), new Set(['it does not keep up']))
    const kept = 40 - reasons.length
    assert.ok(kept >= 16 && kept <= 18, `${kept} MiB are kept`)
    await supervisor.close()
    await Promise.all([first, ...all])
  } finally {
    await supervisor.close()
  }
})

test('a folder of too many plugins is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'own-plugins-'))
  try {
    for (let at = 0; at <= limits.plugins; at += 1) await mkdir(join(folder, `p${at}`))
    await assert.rejects(openOwnPlugins({ folder, log, clock: systemClock }), /33 plugins in/)
    await assert.rejects(openOwnPlugins({ folder: join(folder, 'none'), log }), /ENOENT/)
  } finally {
    await rm(folder, { recursive: true })
  }
})
