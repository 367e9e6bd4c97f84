import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, test } from 'node:test'
import { until } from '../../testing/gateway.ts'
import { openWith, refused } from './testing/faulty-gateway.ts'
import { openPlugins, pluginOf } from './testing/plugin-folder.ts'

test('one that loops for ever is ended by force and started again', async () => {
  await using opened = await openWith(`{
    access: ({ request }) => {
      if (request.query === '') return
      console.log('loops')
      for (;;) {}
    },
  }`)
  const { clock } = opened
  assert.equal(await opened.ask('/bad'), '200 from the service')
  const looping = opened.ask('/bad?loop')
  await until(() => opened.told('plugin says').length === 1, 'the hook')
  await opened.othersAreServed()
  clock.advance(200)
  assert.match(await looping, refused)
  for (let second = 0; second < 4; second += 1) {
    clock.advance(1000)
    // The other plugin says in between that it is there.
    await opened.othersAreServed()
  }
  assert.match(await opened.ended(), /did not answer for 2 s, as in an endless loop/)
  assert.match(opened.problem() ?? '', /endless loop/)
  assert.match(await opened.ask('/bad'), refused)
  await opened.othersAreServed()
  clock.advance(100)
  await opened.runsAgain()
  assert.equal(opened.problem(), null)
  assert.equal(await opened.ask('/bad'), '200 from the service')
})

const ending: { title: string; code: string; says: RegExp }[] = [
  { title: 'exits', code: 'process.exit(3)', says: /exit code 3/ },
  { title: 'kills itself', code: `process.kill(process.pid, 'SIGKILL')`, says: /SIGKILL/ },
  { title: 'aborts', code: 'process.abort()', says: /SIGABRT/ },
  {
    title: 'throws where nobody catches',
    code: `setImmediate(() => { throw new Error('boom') })
      return new Promise(() => {})`,
    says: /exit code 1: Error: boom/,
  },
  {
    title: 'leaks memory until there is none',
    code: 'const kept: object[] = []; for (;;) kept.push({ kept: [1, 2, 3] })',
    says: /SIGABRT: FATAL ERROR: .*heap/i,
  },
  {
    // In a worker thread this ends the whole process.
    title: 'asks for much memory at once',
    code: `JSON.parse('[' + '[1,2],'.repeat(5e6) + '1]')`,
    says: /SIGABRT: FATAL ERROR: .*heap/i,
  },
  {
    title: 'sends messages without end',
    code: `const flood = () => { for (let i = 0; i < 500; i += 1) host.log.info('x'); setImmediate(flood) }
      flood()
      return new Promise(() => {})`,
    says: /messages without end/,
  },
]

describe('a process that ends fails its calls at once and is started again: one that', () => {
  for (const { title, code, says } of ending) {
    test(title, async () => {
      await using opened = await openWith(
        `{ access: ({ request }) => { if (request.query !== '') { ${code} } } }`,
      )
      const answer = opened.ask('/bad?now')
      await opened.othersAreServed()
      assert.match(await answer, refused)
      assert.match(await opened.ended(), says)
      assert.match(opened.problem() ?? '', says)
      await opened.othersAreServed()
      opened.clock.advance(100)
      await opened.runsAgain()
      assert.equal(await opened.ask('/bad'), '200 from the service')
    })
  }
})

test('one that keeps buffers is ended at its limit', async () => {
  await using opened = await openWith(
    `(() => {
    const kept: Buffer[] = []
    return { access: ({ request }) => {
      if (request.query !== '') kept.push(Buffer.alloc(400 * 1024 * 1024, 1))
    } }
  })()`,
    10_000,
  )
  assert.equal(await opened.ask('/bad?leak'), '200 from the service')
  opened.clock.advance(1000)
  assert.match(await opened.ended(), /takes \d+ MiB of memory, and 384 MiB are allowed/)
  await opened.othersAreServed()
})

test('one that ends again and again is started again after 100, 200, 400 ms', async () => {
  await using opened = await openWith('{ access: () => process.exit(1) }')
  for (const [times, againInMs] of [100, 200, 400].entries()) {
    assert.match(await opened.ask('/bad'), refused)
    await opened.ended(times + 1)
    const last = opened.told('plugin ended; it is started again').at(-1)
    assert.equal(last?.facts['againInMs'], againInMs)
    opened.clock.advance(againInMs)
    await opened.runsAgain(times + 1)
  }
})

test('what it prints is logged by lines, up to a hundred a second', async () => {
  await using opened = await openWith(
    `{
    access: () => { for (let i = 0; i < 500; i += 1) console.log('line ' + i) },
  }`,
    10_000,
  )
  await opened.ask('/bad')
  await until(() => opened.told('plugin says too much: lines are lost').length === 1, 'the line')
  assert.equal(opened.told('plugin says').length, 100)
  assert.deepEqual(opened.told('plugin says')[0]?.facts, { plugin: 'bad', line: 'line 0' })
})

test('a signal to everybody does not end it before the gateway has ended', async () => {
  await using opened = await openWith(`{
    access: () => ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach((name) => process.kill(process.pid, name)),
  }`)
  assert.equal(await opened.ask('/bad'), '200 from the service')
  assert.equal(await opened.ask('/bad'), '200 from the service')
  assert.equal(opened.problem(), null)
})

test('it ends with a gateway that is killed', async () => {
  await using own = await openPlugins({
    bad: pluginOf('bad', '{}', '...(console.log(process.pid), {}),'),
  })
  const script = `
    import { openOwnPlugins } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)}
    const log = { info: (facts) => console.log(facts.line), warn() {}, error() {} }
    await openOwnPlugins({ folder: ${JSON.stringify(own.folder)}, log })
    console.log('open')
    setInterval(() => {}, 1000)
  `
  const gateway = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said: string[] = []
  for await (const line of createInterface({ input: gateway.stdout })) {
    said.push(line)
    if (said.length === 2) break
  }
  const pid = Number(said.find((line) => line !== 'open'))
  const exists = (): boolean => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }
  assert.equal(exists(), true)
  gateway.kill('SIGKILL')
  await once(gateway, 'exit')
  await until(() => !exists(), 'the end of the plugin')
})
