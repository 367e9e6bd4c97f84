import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  instanceOf,
  processesWith,
  serviceOf,
  uniqueSeconds,
  until,
} from '../runtime-process/runtime-cases.ts'
import { attachCommand } from './container-attach.ts'
import { createContainerBench, testImage } from './container-bench.ts'
import { execInContainer } from './container-exec.ts'
import { startDocker } from './docker-harness.ts'
import { createEngine } from './engine.ts'
import { createMarks, endLeftCommands } from './left-commands.ts'

const engine = await startDocker()
const skip = 'unavailable' in engine ? `NO DOCKER ENGINE: ${engine.unavailable}` : false
if (!('unavailable' in engine)) {
  await engine.makeImage(testImage)
  await engine.docker.createNetwork({ Name: 'cases_default' })
  after(() => engine.stop())
}
const realEngine = () => {
  assert(!('unavailable' in engine))
  return engine
}

const sleepsOf = (seconds: string) => processesWith(`sleep\0${seconds}`)
/** In the background too: what a session leaves running ends with it, and so with a crash. */
const sleepTwice = (seconds: string) => ['sh', '-c', `sleep ${seconds} & exec sleep ${seconds}`]

test(
  'commands of people end with the Keelson that ran them, also after a kill',
  { skip },
  async () => {
    await using bench = await createContainerBench(realEngine().socket)
    const instance = instanceOf(bench.adapt(serviceOf(['sleep', '1000'])))
    await bench.runtime.start(instance)
    const [left, mine, strangers] = [uniqueSeconds(), uniqueSeconds(), uniqueSeconds()]
    await bench.runtime.attach(instance, { command: sleepTwice(left), tty: null })
    await until(async () => (await sleepsOf(left)).length === 2)
    const container = realEngine().docker.getContainer(instance.name)
    const theirs = await container.exec({ Cmd: ['sleep', strangers] })
    await theirs.start({})
    await until(async () => (await sleepsOf(strangers)).length === 1)

    // Nothing of it is told to the commands: as after a kill.
    const { runtime } = await bench.restart()
    const run = await runtime.attach(instance, { command: sleepTwice(mine), tty: null })
    await until(async () => (await sleepsOf(mine)).length === 2)
    const [found] = await runtime.observe()
    assert.equal(found?.running, true)
    await until(async () => (await sleepsOf(left)).length === 0)
    assert.equal((await sleepsOf(mine)).length, 2, 'a command of this life goes on')
    assert.equal((await sleepsOf(strangers)).length, 1, 'so does what somebody else runs')
    await run.kill()
  },
)

test(
  'commands of an engine elsewhere are ended with the shell of their container',
  { skip },
  async () => {
    await using bench = await createContainerBench(realEngine().socket)
    const instance = instanceOf(bench.adapt(serviceOf(['sleep', '1000'])))
    await bench.runtime.start(instance)
    const here = createEngine(`unix://${realEngine().socket}`)
    const elsewhere = { ...here, remoteHost: 'elsewhere' }
    const info = await realEngine().docker.getContainer(instance.name).inspect()
    const [before, now] = [createMarks(bench.owner), createMarks(bench.owner)]
    const [left, mine] = [uniqueSeconds(), uniqueSeconds()]
    const begin = (mark: string, seconds: string) =>
      attachCommand(here, info, mark, { command: sleepTwice(seconds), tty: null })
    await begin(before.next(), left)
    const run = await begin(now.next(), mine)
    await until(async () => (await sleepsOf(left)).length + (await sleepsOf(mine)).length === 4)
    await endLeftCommands(elsewhere, now, [
      await realEngine().docker.getContainer(info.Id).inspect(),
    ])
    await until(async () => (await sleepsOf(left)).length === 0)
    assert.equal((await sleepsOf(mine)).length, 2)
    await run.kill()
    here.close()
  },
)

test('a shell that hangs does not keep other containers from being swept', { skip }, async () => {
  await using bench = await createContainerBench(realEngine().socket)
  const [stuck, other] = ['stuck', 'other'].map((name) => ({
    ...instanceOf(bench.adapt(serviceOf(['sleep', '1000']))),
    name: `shop-${name}-1`,
  }))
  assert(stuck !== undefined && other !== undefined)
  const here = createEngine(`unix://${realEngine().socket}`)
  const [before, now] = [createMarks(bench.owner), createMarks(bench.owner)]
  const left = uniqueSeconds()
  const { docker } = realEngine()
  for (const instance of [stuck, other]) {
    await bench.runtime.start(instance)
    const info = await docker.getContainer(instance.name).inspect()
    await attachCommand(here, info, before.next(), { command: ['sleep', left], tty: null })
  }
  await until(async () => (await sleepsOf(left)).length === 2)
  // A shell that is asked for anything waits for a writer that never comes.
  const replaced =
    'mkfifo /never; mkdir /real; cp /bin/sh /real/sh; rm /bin/sh; printf %s "$0" >/bin/sh; chmod 755 /bin/sh'
  const command = ['sh', '-c', replaced, '#!/real/sh\nread x </never\n']
  const limits = { timeoutMs: 30_000, outputLimitBytes: 1000, user: '0' }
  const done = await execInContainer(here, stuck.name, command, { ...limits, marker: now.next() })
  assert.equal(done.exitCode, 0, done.output)
  const asked = { ...limits, timeoutMs: 300, marker: now.next() }
  const answer = await execInContainer(here, stuck.name, ['/bin/sh', '-c', 'true'], asked)
  assert.equal(answer.timedOut, true, 'its shell hangs')
  const infos = await Promise.all(
    [stuck, other].map(({ name }) => docker.getContainer(name).inspect()),
  )
  await endLeftCommands({ ...here, remoteHost: 'elsewhere' }, now, infos, 500)
  await until(async () => (await sleepsOf(left)).length === 1)
  here.close()
})
