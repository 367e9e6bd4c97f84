import assert from 'node:assert/strict'
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { audit } from '@keelson/gaps'
import {
  createKeelson,
  missingPrograms,
  root,
  runProgram,
  waitFor,
  type Keelson,
} from './harness.ts'

// Every blueprint that can run as processes: what it says of itself is so, Docker Compose reads it,
// and it comes up healthy on this machine.

const composeFiles = ['compose.yaml', 'compose.processes.yaml']
const upLimitMs = 180_000

type Blueprint = {
  /** Programs of the machine that it starts. */
  programs: readonly string[]
  /** Services that run as processes, at the least. */
  servicesMin: number
  /** Run in its folder before the first start. */
  prepare?: readonly string[]
  /** Variables for the command, given a folder that goes after the test. */
  environment?: (home: string) => Record<string, string>
  /** Addresses of its README and what the answer says; from `/` on they are asked of the gateway. */
  asks: readonly (readonly [url: string, says: RegExp])[]
}

const monitoring = ['prometheus', 'prometheus-alertmanager']
const exporters = ['prometheus-redis-exporter', 'prometheus-postgres-exporter']

const blueprints: Record<string, Blueprint> = {
  alicia: {
    programs: ['mosquitto', ...monitoring],
    servicesMin: 23,
    environment: (home) => ({ ALICIA_DATA: path.join(home, 'data') }),
    asks: [
      ['/alicia/', /<title>Alicia/],
      ['/alicia/api/health/overview', /"isWell":true/],
      ['/alicia/api/devices?kind=light', /light\.hall/],
    ],
  },
  auterity: {
    programs: ['redis-server', ...monitoring, ...exporters, 'prometheus-node-exporter', 'chromium'],
    servicesMin: 25,
    prepare: ['sh', 'secrets/make.sh', 'http://127.0.0.1:11026/slack'],
    asks: [
      ['/', /<h1>Auterity/],
      ['/status', /"healthy":25,"total":25/],
      ['/workflows', /"workflows":\[/],
      ['/jobs', /"waiting":0/],
      ['/logs', /"message|"lines":\[\{/],
      ['http://127.0.0.1:11026/messages', /"messages":\[/],
      ['http://127.0.0.1:11090/api/v1/query?query=pg_up', /,"1"\]/],
    ],
  },
  indexforge: {
    programs: [
      'redis-server',
      ...monitoring,
      'prometheus-redis-exporter',
      'prometheus-node-exporter',
    ],
    servicesMin: 12,
    asks: [
      ['/forge/search?q=pump&limit=3', /"found":/],
      ['/inbox/messages', /"messages"/],
      ['http://127.0.0.1:13007/api/graph', /"calls"/],
      ['http://127.0.0.1:13015/api/v1/targets', /"health":"up"/],
    ],
  },
  opsconductor: {
    programs: ['redis-server', 'nginx', ...monitoring, ...exporters, 'prometheus-nginx-exporter'],
    servicesMin: 16,
    asks: [
      ['http://127.0.0.1:12006/messages', /"messages"/],
      ['http://127.0.0.1:12007/api/graph', /"calls"/],
      ['http://127.0.0.1:12015/api/v1/targets', /"health":"up"/],
    ],
  },
  symphainy: {
    programs: [
      ...['python3', 'nginx', 'redis-server', ...monitoring],
      ...['prometheus-redis-exporter', 'prometheus-nginx-exporter'],
    ],
    servicesMin: 13,
    environment: (home) => ({ SYMPHAINY_DATA: path.join(home, 'data') }),
    asks: [
      ['/symphainy/api/datasets', /"nodes":/],
      ['http://127.0.0.1:15080/traces/graph', /[[{]/],
      ['http://127.0.0.1:15500/v1/catalog/services', /"worker"/],
      ['http://127.0.0.1:15090/api/v1/targets', /"health":"up"/],
    ],
  },
}

/** What is committed of a blueprint and of what it shares, where it may write. */
const copyOf = async (t: TestContext, name: string): Promise<{ home: string; folder: string }> => {
  const home = await mkdtemp(path.join(tmpdir(), 'keelson-blueprint-'))
  t.after(() => rm(home, { recursive: true, force: true, maxRetries: 5 }))
  const parts = [`blueprints/${name}`, 'blueprints/shared']
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--', ...parts]
  const { code, stdout, stderr } = await runProgram('git', args, { env: { PATH: pathOf() } })
  assert.equal(code, 0, stderr)
  for (const file of stdout.split('\0').filter((one) => one !== '')) {
    const target = path.join(home, file)
    await mkdir(path.dirname(target), { recursive: true })
    await copyFile(path.join(root, file), target).catch(unlessDeleted)
  }
  await symlink(path.join(root, 'node_modules'), path.join(home, 'node_modules'))
  return { home, folder: path.join(home, 'blueprints', name) }
}

const pathOf = () => process.env['PATH'] ?? ''

/** Git still names a file that was deleted and not committed. */
const unlessDeleted = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ENOENT') throw error
}

const isHealthy = async (keelson: Keelson, stack: string, servicesMin: number): Promise<true> => {
  const { items } = await keelson.call('listServices', { query: { stack, limit: 200 } })
  const others = items.filter(({ state }) => state !== 'healthy')
  assert.deepEqual(
    others.map(({ name, state }) => `${name} is ${state}`),
    [],
  )
  assert.ok(items.length >= servicesMin, `${items.length} services of at least ${servicesMin}`)
  return true
}

const asks = async (keelson: Keelson, [where, says]: Blueprint['asks'][number]): Promise<true> => {
  const url = where.startsWith('/') ? `${keelson.gateway}${where}` : where
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) })
  const text = await response.text()
  assert.equal(response.status, 200, `${url} answered ${response.status} ${text.slice(0, 500)}`)
  assert.match(text, says, url)
  return true
}

test('every blueprint that can run as processes is here', async () => {
  const folders = await readdir(path.join(root, 'blueprints'))
  const withProcesses = await Promise.all(
    folders.map(async (folder) => {
      const files = await readdir(path.join(root, 'blueprints', folder)).catch((): string[] => [])
      return files.includes('compose.processes.yaml') ? [folder] : []
    }),
  )
  assert.deepEqual(withProcesses.flat().toSorted(), Object.keys(blueprints).toSorted())
})

for (const [name, blueprint] of Object.entries(blueprints)) {
  test(`${name}: the audit finds nothing, as containers and as processes`, async (t) => {
    const { folder } = await copyOf(t, name)
    const { findings, systems, notes, suppressed } = await audit({ root: folder })
    const told = findings.map(({ rule, message }) => `${rule}: ${message}`)
    assert.deepEqual(told, [])
    assert.deepEqual(notes, [])
    assert.ok(suppressed.length <= 3, `${suppressed.length} findings are suppressed`)
    const read = systems.map(({ files }) => files.join(' '))
    for (const files of ['compose.yaml', composeFiles.join(' ')]) {
      assert.ok(read.includes(files), `${files} is not among ${read.join(', ')}`)
    }
  })

  const noCompose = await missingPrograms('docker-compose')
  test(`${name}: Docker Compose loads it`, { skip: noCompose }, async (t) => {
    const { home, folder } = await copyOf(t, name)
    const options = { cwd: folder, env: { PATH: pathOf(), HOME: home } }
    const { code, stderr } = await runProgram('docker-compose', ['config', '--quiet'], options)
    assert.equal(code, 0, stderr)
  })

  const skip = await missingPrograms(...blueprint.programs)
  test(`${name}: comes up healthy as processes, and leaves nothing`, { skip }, async (t) => {
    const { home, folder } = await copyOf(t, name)
    const keelson = await createKeelson({ env: blueprint.environment?.(home) ?? {} })
    t.after(() => keelson.dispose())
    const [program, ...args] = blueprint.prepare ?? []
    if (program !== undefined) {
      const made = await runProgram(program, args, { cwd: folder, env: { PATH: pathOf() } })
      assert.equal(made.code, 0, made.stderr)
    }

    const files = composeFiles.flatMap((file) => ['--file', file])
    const up = ['up', '--wait', '--progress', 'plain', ...files]
    await keelson.run(up, { cwd: folder, timeoutMs: upLimitMs })
    const all = `every service of ${name} is healthy`
    await waitFor(all, () => isHealthy(keelson, name, blueprint.servicesMin))
    for (const ask of blueprint.asks) await waitFor(ask[0], () => asks(keelson, ask))

    await keelson.stop()
  })
}
