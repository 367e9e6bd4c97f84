import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { after } from 'node:test'
import type { ActionProgress } from '@keelson/contract'
import { startDocker } from '../packages/server/src/orchestrator/runtime-container/docker-harness.ts'
import { listProcesses } from './process-list.ts'
import { findProgram, root, runProgram, startKeelson, waitFor, type Keelson } from './harness.ts'

const folder = path.join(root, 'blueprints/containers')
const engine = await startDocker()
const skip = 'unavailable' in engine ? `no Docker Engine: ${engine.unavailable}` : false
if (!('unavailable' in engine)) after(() => engine.stop())
const dockerHost = 'unavailable' in engine ? '' : `unix://${engine.socket}`

/** With the script of the blueprint where there is a docker command, as its README says. */
const makeImage = async (): Promise<void> => {
  if ('unavailable' in engine) return
  if ((await findProgram('docker')) === undefined) {
    await engine.makeImage('keelson/busybox:local')
    return
  }
  const made = await runProgram('sh', ['make-image.sh'], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', DOCKER_HOST: dockerHost },
  })
  assert.equal(made.code, 0, made.stderr)
}

test('containers and a process in one stack', { skip }, async (t) => {
  await makeImage()
  const keelson = await startKeelson([], { cwd: folder, env: { DOCKER_HOST: dockerHost } })
  t.after(() => keelson.dispose())

  const detail = (name: string) =>
    keelson.call('getService', { params: { name: `containers/${name}` } })
  const text = async (address: string): Promise<string> =>
    (await (await fetch(keelson.gateway + address)).text()).trim()

  await t.test('start in order: the job, what waits for it, what waits for that', async () => {
    const [prepare, inner, outer, beside] = await Promise.all(
      ['prepare', 'inner', 'outer', 'beside'].map(detail),
    )
    assert.equal(prepare?.instances[0]?.phase, 'completed')
    assert.equal(prepare.instances[0].exitCode, 0)
    assert.notEqual(prepare.state, 'unhealthy')
    for (const service of [inner, outer, beside]) assert.equal(service?.state, 'healthy')
    assert.ok(inner?.instances[0]?.containerId)
    assert.ok(beside?.instances[0]?.pid)
    const started = [inner, outer, beside].map((one) => one?.instances[0]?.startedAt ?? '')
    assert.deepEqual(started, started.toSorted())
  })

  await t.test('are reached through the gateway, and from a process', async () => {
    assert.equal(await text('/containers'), 'prepared by a job')
    assert.equal(await text('/beside'), 'outer says: prepared by a job')
  })

  await t.test('a killed container is replaced', async () => {
    assert.ok(!('unavailable' in engine))
    const before = (await detail('outer')).instances[0]?.containerId ?? ''
    await engine.docker.getContainer(before).kill({ signal: 'SIGKILL' })
    await waitFor('outer is healthy again', async () => {
      const now = await detail('outer')
      return (
        now.state === 'healthy' && (now.restarts > 0 || now.instances[0]?.containerId !== before)
      )
    })
    await waitFor('it serves', async () => (await text('/containers')) === 'prepared by a job')
  })

  await t.test('an image that cannot be had is refused with its place', async () => {
    const cwd = await mkdtemp(path.join(tmpdir(), 'keelson-image-'))
    try {
      const file =
        'name: lost\nservices:\n  a:\n    image: keelson/no-such-image:1\n    pull_policy: never\n'
      await writeFile(path.join(cwd, 'compose.yaml'), file)
      const { code, stderr } = await keelson.cli(['up', '--wait', '--progress', 'plain'], { cwd })
      assert.equal(code, 2, stderr)
      assert.match(stderr, /compose\.yaml:4:\d+.*keelson\/no-such-image:1/s)
      assert.match(stderr, /Try: \S/)
    } finally {
      await rm(cwd, { recursive: true, force: true })
    }
  })

  await t.test('leave no container, network or volume behind', async () => {
    assert.ok(!('unavailable' in engine))
    await keelson.run(['down', '--volumes'], { cwd: folder })
    assert.deepEqual(await engine.docker.listContainers({ all: true }), [])
    const networks = await engine.docker.listNetworks()
    assert.deepEqual(
      networks.map(({ Name }) => Name).filter((name) => !['bridge', 'host', 'none'].includes(name)),
      [],
    )
    assert.deepEqual((await engine.docker.listVolumes()).Volumes, [])
    await keelson.run(['down', '--all'])
    await keelson.assertNothingLeft()
  })
})

const files = {
  'compose.yaml': `name: desk
services:
  web:
    command: sh -c 'cp src/page started; exec sleep 1000000'
    restart: unless-stopped
    stop_grace_period: 1s
    develop: { watch: [{ path: ./src, action: restart }] }
    x-keelson: { runtime: process }
  box: &box
    image: keelson/busybox:local
    pull_policy: never
    init: true
    stop_grace_period: 1s
    command: sleep 1000000
    environment: { GREETING: hello }
    develop: { watch: [{ path: ./site, action: sync, target: /www/site }] }
  conf:
    <<: *box
    command: sh -c 'cat /conf/app > /tmp/started; exec sleep 1000000'
    develop: { watch: [{ path: ./conf, action: sync+restart, target: /conf }] }
  built:
    build: ./built
    init: true
    stop_grace_period: 1s
`,
  'src/page': 'one',
  'site/page': 'one',
  'conf/app': 'one',
  'built/Dockerfile': 'FROM keelson/busybox:local\nCOPY page /page\nCMD ["sleep", "1000000"]\n',
  'built/page': 'one',
}

/** A folder with these files; of the test, which changes them. */
const makeDesk = async (): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'keelson-desk-'))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), text)
  }
  return folder
}

type Command = { name: string; args: string[]; input?: string; code: number; output: string }
const commands: Command[] = [
  {
    name: 'exec: the environment, and the exit code',
    args: ['exec', '-T', 'box', 'sh', '-c', 'echo $GREETING; exit 7'],
    ...{ code: 7, output: 'hello\n' },
  },
  {
    name: 'exec: standard input to its end',
    args: ['exec', '-T', 'box', 'cat'],
    ...{ input: 'from outside', code: 0, output: 'from outside' },
  },
  {
    name: 'run: a container of its own, with its exit code',
    args: ['run', '-T', '--no-deps', 'box', 'sh', '-c', 'echo $GREETING; exit 9'],
    ...{ code: 9, output: 'hello\n' },
  },
  {
    name: 'run: standard input to its end',
    args: ['run', '-T', '--no-deps', 'box', 'cat'],
    ...{ input: 'from outside', code: 0, output: 'from outside' },
  },
]

const runWithInput = async (keelson: Keelson, { args, input = '' }: Command, cwd: string) => {
  const { launcher, env } = keelson
  const child = spawn(launcher, args, { cwd, env, stdio: 'pipe', timeout: 60_000 })
  let [output, errors] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk))
  child.stdin.end(input)
  await once(child, 'close')
  return { code: child.exitCode, output, errors }
}

/** Messages of the live topic `actions`, from now on. */
const listenToActions = async (keelson: Keelson) => {
  const token = await readFile(path.join(keelson.dataDir, 'token'), 'utf8')
  const abort = new AbortController()
  const answer = await fetch(`${keelson.url}/api/v1/live?topics=actions`, {
    headers: { authorization: `Bearer ${token.trim()}` },
    signal: abort.signal,
  })
  assert.equal(answer.status, 200)
  const told: ActionProgress[] = []
  const read = async (): Promise<void> => {
    let text = ''
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString()
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const data = /^event: actions\n(?:.*\n)*?data: (.*)$/m.exec(block)?.[1]
        if (data !== undefined) told.push(JSON.parse(data) as ActionProgress)
      }
    }
  }
  const reading = read().catch(() => undefined)
  return {
    told,
    async [Symbol.asyncDispose]() {
      abort.abort()
      await reading
    },
  }
}

test('commands, builds and watched files of containers', { skip }, async (t) => {
  await makeImage()
  const cwd = await makeDesk()
  t.after(() => rm(cwd, { recursive: true, force: true }))
  const keelson = await startKeelson([], { cwd, env: { DOCKER_HOST: dockerHost } })
  t.after(() => keelson.dispose())
  const idOf = async (service: string) =>
    (await keelson.call('getService', { params: { name: `desk/${service}` } })).instances[0]
      ?.containerId
  const inside = async (service: string, file: string): Promise<string> =>
    (await keelson.run(['exec', '-T', service, 'cat', file], { cwd })).stdout

  for (const command of commands) {
    await t.test(command.name, async () => {
      const { code, output, errors } = await runWithInput(keelson, command, cwd)
      assert.deepEqual([code, output], [command.code, command.output], errors)
    })
  }
  await t.test('nothing of them is left', async () => {
    assert.ok(!('unavailable' in engine))
    const { docker } = engine
    await waitFor(
      'only the instances are there',
      async () => (await docker.listContainers({ all: true })).length === 3,
      { deadlineMs: 10_000 },
    )
  })

  await t.test('exec ends with the Keelson that ran it, also when that is killed', async () => {
    const { launcher, env } = keelson
    const exec = spawn(launcher, ['exec', '-T', 'box', 'sh', '-c', 'sleep 99431 & sleep 99431'], {
      ...{ cwd, env, stdio: 'ignore' },
    })
    const ended = once(exec, 'exit')
    const sleeps = async () =>
      (await listProcesses()).filter(({ command }) => command.endsWith('sleep 99431'))
    await waitFor('it runs', async () => (await sleeps()).length >= 2)
    const before = await idOf('box')
    const controlPid = async (): Promise<number> => {
      const text = await readFile(path.join(keelson.dataDir, 'platform.json'), 'utf8')
      return (JSON.parse(text) as { pid: number }).pid
    }
    const killed = await controlPid()
    process.kill(killed, 'SIGKILL')
    await ended
    await waitFor('another control process is there', async () => {
      const ready = (await fetch(`${keelson.url}/readyz`)).ok
      return ready && (await controlPid()) !== killed
    })
    await waitFor('nothing of it is left', async () => (await sleeps()).length === 0)
    assert.equal(await idOf('box'), before)
  })

  await t.test('what somebody pauses is told with the way out, and left alone', async () => {
    assert.ok(!('unavailable' in engine))
    const box = engine.docker.getContainer((await idOf('box')) ?? '')
    const detail = () => keelson.call('getService', { params: { name: 'desk/box' } })
    await box.pause()
    const reason = 'paused from outside (docker pause); docker unpause desk-box-1 lets it go on'
    await waitFor('it is told', async () => (await detail()).reason === reason)
    assert.equal((await detail()).state, 'unhealthy')
    await box.unpause()
    await waitFor('it is well again', async () => (await detail()).state === 'healthy')
    assert.equal((await detail()).instances[0]?.containerId, box.id)
    // Whoever stops and starts it, as `docker restart` does, has changed nothing.
    await box.stop({ t: 1 })
    await waitFor('it is down', async () => (await detail()).state !== 'healthy')
    await box.start()
    await waitFor('it is taken back', async () => (await detail()).state === 'healthy')
    assert.equal((await detail()).instances[0]?.containerId, box.id)
  })

  await t.test('what is built is not built again while its context is the same', async () => {
    const before = await idOf('built')
    const plan = await keelson.run(['plan'], { cwd })
    assert.doesNotMatch(plan.stdout + plan.stderr, /build/i)
    await keelson.run(['up', '--wait', '--progress', 'plain'], { cwd })
    assert.equal(await idOf('built'), before)
  })

  await t.test('a build that an apply needs is told live, from its begin to its end', async () => {
    await using actions = await listenToActions(keelson)
    const before = await idOf('built')
    await writeFile(path.join(cwd, 'built/page'), 'two')
    await keelson.run(['up', '--wait', '--progress', 'plain'], { cwd })
    const states = () =>
      actions.told.filter(({ kind }) => kind === 'build_image').map(({ state }) => state)
    await waitFor('its end is told', () => states().at(-1) === 'done')
    assert.ok(states().includes('running'), states().join())
    assert.notEqual(await idOf('built'), before)
  })

  await t.test('watch brings files into what runs', async () => {
    const { launcher, env } = keelson
    const watch = spawn(launcher, ['watch', '--no-up'], { cwd, env, stdio: 'pipe' })
    let said = ''
    for (const stream of [watch.stdout, watch.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
    try {
      await waitFor('it watches', () => said.includes('Watching the files'))
      const before = await idOf('box')
      await writeFile(path.join(cwd, 'site/page'), 'two')
      await waitFor('box has it', async () => (await inside('box', '/www/site/page')) === 'two')
      assert.equal(await idOf('box'), before)
      await rm(path.join(cwd, 'site/page'))
      const list = ['exec', '-T', 'box', 'ls', '/www/site']
      await waitFor('it is gone', async () => (await keelson.run(list, { cwd })).stdout === '')

      await writeFile(path.join(cwd, 'src/page'), 'two')
      const started = path.join(cwd, 'started')
      await waitFor('web runs anew', async () => (await readFile(started, 'utf8')) === 'two')

      await writeFile(path.join(cwd, 'conf/app'), 'two')
      await waitFor('conf runs anew', async () => (await inside('conf', '/tmp/started')) === 'two')
    } catch (cause) {
      throw new Error(`keelson watch said:\n${said}`, { cause })
    } finally {
      watch.kill('SIGINT')
      await once(watch, 'exit')
    }
    assert.equal(watch.exitCode, 130)
  })
  await keelson.run(['down', '--volumes'], { cwd })
  await keelson.run(['down', '--all'])
  await keelson.assertNothingLeft()
})
