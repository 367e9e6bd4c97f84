import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { after } from 'node:test'
import type { GapReport } from '@keelson/contract'
import { startDocker } from '../packages/server/src/orchestrator/runtime-container/docker-harness.ts'
import { createKeelson, findProgram, runProgram, startKeelson, waitFor } from './harness.ts'

/** A stack's files held against what runs of it, by a whole platform and by the command alone. */

const createFolder = async (compose: string) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'keelson-gaps-e2e-'))
  const write = (name: string, text: string) => writeFile(path.join(folder, name), text)
  await write('compose.yaml', compose)
  return { folder, write, remove: () => rm(folder, { recursive: true, force: true }) }
}

const compose = (more = ''): string => `name: walk
services:
  web:
    command: ["sleep", "3600"]
    x-keelson: { runtime: process }
${more}  job:
    command: ["sleep", "3600"]
    x-keelson: { runtime: process }
`

const pairOf = `name: pair
services:
  web:
    command: ["sleep", "3600"]
    depends_on:
      seed: { condition: service_completed_successfully }
    x-keelson: { runtime: process }
  seed:
    command: ["true"]
    x-keelson: { runtime: process }
  big:
    command: ["sleep", "3600"]
    x-keelson: { runtime: process }
`

test('gaps of a stack follow its files and what runs of it', async (t) => {
  const { folder, write, remove } = await createFolder(compose())
  t.after(remove)
  const keelson = await startKeelson([], { cwd: folder })
  t.after(() => keelson.dispose())
  const params = { stack: 'walk' }
  const report = () => keelson.call('getStackGaps', { params })
  const ruleOf = (found: GapReport, rule: string) =>
    found.findings.find((finding) => finding.rule === rule)
  const until = (what: string, isSo: (found: GapReport) => boolean) =>
    waitFor(
      what,
      async () => {
        const found = await report()
        return isSo(found) && !found.isAuditing ? found : undefined
      },
      { deadlineMs: 120_000 },
    )

  await t.test('it is audited once it is up', async () => {
    const found = await until('it is audited', ({ state }) => state === 'ready')
    assert.equal(found.inventory?.running, 2)
    assert.equal(ruleOf(found, 'running/not-running'), undefined)
  })

  await t.test('an edit of the file shows', async () => {
    await write('compose.yaml', compose('    privileged: true\n'))
    const found = await until(
      'the edit shows',
      (one) =>
        ruleOf(one, 'security/privileged') !== undefined &&
        ruleOf(one, 'running/not-applied') !== undefined,
    )
    const [fact] = ruleOf(found, 'security/privileged')?.evidence ?? []
    assert.match(fact?.excerpt.find(({ isIt }) => isIt)?.text ?? '', /privileged: true/)
  })

  await t.test('a service that is stopped shows, with who stopped it', async () => {
    await keelson.run(['stop', 'walk/job'])
    const found = await until(
      'the stop shows',
      (one) => ruleOf(one, 'running/not-running') !== undefined,
    )
    assert.match(ruleOf(found, 'running/not-running')?.message ?? '', /^job .*stopped by/)
    assert.equal(found.inventory?.running, 1)
    const { items } = await keelson.call('getTimeline', { query: {} })
    assert.ok(items.some(({ type, subject }) => type === 'gaps.changed' && subject === 'walk'))
  })

  await t.test('the command sees the same', async () => {
    const { code, stdout } = await keelson.cli(['gaps', folder, '--live', '--json'])
    assert.equal(code, 7)
    const { findings, inventory } = JSON.parse(stdout) as GapReport & {
      inventory: { running: number }
    }
    assert.equal(inventory.running, 1)
    assert.ok(findings.some(({ rule }) => rule === 'running/not-running'))
    const pretty = await keelson.cli(['gaps', folder, '--live'])
    assert.match(pretty.stdout, /1 running \(seen by Keelson\)/)
  })

  await t.test('of a folder that nobody runs --live says so, and who else runs', async () => {
    const other = await createFolder(compose())
    const { code, stderr } = await keelson.cli(['gaps', other.folder, '--live'], {
      env: { DOCKER_HOST: `unix://${folder}/none.sock` },
    })
    await other.remove()
    assert.equal(code, 2)
    assert.match(stderr, /runs walk, and nothing of this folder, and no Docker Engine answers/)
  })

  await t.test('of several files it is the reading that was applied that counts', async () => {
    const pair = await createFolder(pairOf)
    t.after(pair.remove)
    await pair.write('compose.small.yaml', 'services:\n  big:\n    profiles: [all]\n')
    const files = ['compose.yaml', 'compose.small.yaml'].flatMap((name) => [
      ...['--file', path.join(pair.folder, name)],
    ])
    await keelson.run(['up', '--detach', ...files])
    const found = await waitFor('it is audited, and the job has ended', async () => {
      const one = await keelson.call('getStackGaps', { params: { stack: 'pair' } })
      return one.inventory?.running === 2 ? one : undefined
    })
    assert.deepEqual(
      found.inventory?.services.map(({ service, runs, running }) => [service, runs, running]),
      [
        ['web', 'always', true],
        ['seed', 'once', true],
        ['big', 'off', null],
      ],
    )
    const { stdout } = await keelson.cli(['gaps', pair.folder, '--live', '--rule', 'running'])
    assert.match(stdout, /No such gaps[\s\S]*3 declared \(1 off\), 3 built, 2 running/)
  })

  await t.test('what is accepted counts no more, also after kill -9', async () => {
    const before = await report()
    const down = ruleOf(before, 'running/not-running')
    assert.ok(down !== undefined)
    const { fingerprint } = down
    const accepted = await keelson.call('acceptGap', {
      params: { ...params, fingerprint },
      body: { reason: 'it runs at night' },
    })
    assert.equal(accepted.acceptance?.reason, 'it runs at night')
    const summary = async () =>
      (await keelson.call('listGaps', {})).items.find(({ stack }) => stack === 'walk')
    assert.equal((await summary())?.errors, 0)
    const { parts } = await keelson.call('getSystem')
    const control = parts.find(({ name }) => name === 'control')?.pid
    assert.ok(control !== undefined && control !== null)
    process.kill(control, 'SIGKILL')
    await waitFor('Keelson is back', async () => {
      const { pid } =
        (await keelson.call('getSystem')).parts.find(({ name }) => name === 'control') ?? {}
      return pid !== undefined && pid !== control && (await fetch(`${keelson.url}/readyz`)).ok
    })
    const after = await report()
    assert.equal(ruleOf(after, 'running/not-running')?.acceptance?.reason, 'it runs at night')
    assert.equal(ruleOf(after, 'running/not-running')?.since, down.since)
    assert.equal((await summary())?.accepted, 1)
    await keelson.run(['start', 'walk/job'])
    await until('it runs again', (one) => ruleOf(one, 'running/not-running') === undefined)
  })

  await t.test('nothing is left at the end', () => keelson.stop())
})

test('without anybody who could look, --live is refused', async (t) => {
  const { folder, remove } = await createFolder(compose())
  t.after(remove)
  const keelson = await createKeelson({ env: { DOCKER_HOST: `unix://${folder}/none.sock` } })
  t.after(() => keelson.dispose())
  const { code, stderr } = await keelson.cli(['gaps', folder, '--live'])
  assert.equal(code, 2)
  assert.match(stderr, /Nobody here can say what runs: .*none\.sock \(connect ENOENT/)
  assert.match(stderr, /Try: start the stack/)
})

const engine = await startDocker()
if (!('unavailable' in engine)) after(() => engine.stop())
const hasCompose = (await findProgram('docker-compose')) !== undefined
const skip =
  'unavailable' in engine
    ? `NO DOCKER ENGINE: ${engine.unavailable}`
    : hasCompose
      ? false
      : 'NO docker-compose'

const containers = (name: string): string => `name: boats
services:
  ${name}:
    image: keelson/test:local
    network_mode: none
    command: ["sleep", "3600"]
  broken:
    image: keelson/test:local
    network_mode: none
    command: ["sh", "-c", "exit 3"]
`

test('what Docker Compose runs is seen by --live', { skip }, async (t) => {
  assert.ok(!('unavailable' in engine))
  await engine.makeImage('keelson/test:local')
  const { folder, write, remove } = await createFolder(containers('sail'))
  t.after(remove)
  await mkdir(path.join(folder, 'data'))
  const dockerHost = `unix://${engine.socket}`
  const keelson = await createKeelson({ env: { DOCKER_HOST: dockerHost } })
  t.after(() => keelson.dispose())
  const dockerCompose = (...args: string[]) =>
    runProgram('docker-compose', args, {
      ...{
        cwd: folder,
        env: { PATH: process.env['PATH'] ?? '', HOME: folder, DOCKER_HOST: dockerHost },
      },
    })
  const look = async () => {
    const { stdout, stderr } = await keelson.cli([
      'gaps',
      folder,
      '--live',
      '--json',
      '--rule',
      'running',
    ])
    assert.notEqual(stdout, '', stderr)
    const { findings } = JSON.parse(stdout) as GapReport
    return findings.map(({ rule, message }) => `${rule}: ${message}`).toSorted()
  }
  assert.deepEqual(await look(), [
    'running/not-running: broken is declared and not running: no instance of it exists',
    'running/not-running: sail is declared and not running: no instance of it exists',
  ])
  const up = await dockerCompose('up', '-d')
  assert.equal(up.code, 0, up.stderr)
  await waitFor('the broken one has ended', async () =>
    (await look()).some((said) => said.endsWith('exited with code 3')),
  )
  assert.deepEqual(await look(), [
    'running/not-running: broken is declared and not running: exited with code 3',
  ])
  await write('compose.yaml', containers('oar'))
  assert.deepEqual(await look(), [
    'running/not-running: broken is declared and not running: exited with code 3',
    'running/not-running: oar is declared and not running: no instance of it exists',
    'running/stranger: boats-sail-1 (keelson/test:local) runs as part of boats, and no file declares it',
  ])
  const { stdout } = await keelson.cli(['gaps', folder, '--live'])
  assert.match(stdout, /seen by the Docker Engine at .*docker\.sock\)/)
})
