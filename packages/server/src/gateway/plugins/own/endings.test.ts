import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
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
  await opened.restart()
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

/** By the query of a request. */
const hooks = `(() => {
  const kept: Buffer[] = []
  const codes: Record<string, () => unknown> = {
    '?signals': () => ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach((name) => process.kill(process.pid, name)),
    '?prints': () => { for (let i = 0; i < 500; i += 1) console.log('line ' + i) },
    '?buffers': () => kept.push(Buffer.alloc(400 * 1024 * 1024, 1)),
    ${ending.map(({ code }, at) => `'?${at}': () => { ${code} },`).join('\n    ')}
  }
  return { access: ({ request }: OwnExchange) => {
    if (request.query !== '?buffers') return codes[request.query]?.()
    codes[request.query]()
  } }
})()`

test('a process that ends fails its calls at once and is started again: one that', async (t) => {
  await using opened = await openWith(hooks, 10_000)
  for (const [at, { title, says }] of ending.entries()) {
    await t.test(title, async () => {
      const answer = opened.ask(`/bad?${at}`)
      await opened.othersAreServed()
      assert.match(await answer, refused)
      assert.match(await opened.ended(at + 1), says)
      assert.match(opened.problem() ?? '', says)
      await opened.othersAreServed()
      // 100, 200, 400 ms … since it ends again and again.
      const last = opened.told('plugin ended; it is started again').at(-1)
      assert.equal(last?.facts['againInMs'], 100 * 2 ** at)
      await opened.restart(at + 1)
      assert.equal(await opened.ask('/bad'), '200 from the service')
    })
  }
  await t.test('keeps buffers beyond its limit', async () => {
    assert.equal(await opened.ask('/bad?buffers'), '200 from the service')
    opened.clock.advance(1000)
    const times = ending.length + 1
    assert.match(await opened.ended(times), /takes \d+ MiB of memory, and 384 MiB are allowed/)
    await opened.othersAreServed()
  })
})

test('what does not end a process', async (t) => {
  await using opened = await openWith(hooks, 10_000)
  await t.test('a signal to everybody, before the gateway has ended', async () => {
    assert.equal(await opened.ask('/bad?signals'), '200 from the service')
    assert.equal(await opened.ask('/bad'), '200 from the service')
    assert.equal(opened.problem(), null)
  })
  await t.test('what it prints: it is logged by lines, up to a hundred a second', async () => {
    await opened.ask('/bad?prints')
    await until(() => opened.told('plugin says too much: lines are lost').length === 1, 'the line')
    assert.equal(opened.told('plugin says').length, 100)
    assert.deepEqual(opened.told('plugin says')[0]?.facts, { plugin: 'bad', line: 'line 0' })
  })
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
