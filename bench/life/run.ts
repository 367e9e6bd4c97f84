/**
 * How long a person waits, and what it takes: `node bench/life/run.ts`.
 *
 * The demo on a fresh data folder, with dependencies installed: time to the set-up link, time to
 * all healthy, the same for a second start, resident memory with the demo running, and the time
 * from `kill -9` of an instance to a healthy replacement. Everything is the real product, started
 * by its own command. Prints a Markdown table; ends with exit code 1 when a target is missed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createKeelson, type Keelson } from '../../test/harness.ts'

const rounds = 5
const rows: { what: string; value: number; unit: string; target: number }[] = []
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** An attached `up`, as `npm start` runs it; resolves with both times once all is healthy. */
const startDemo = async (keelson: Keelson) => {
  const startedMs = performance.now()
  const child = spawn(keelson.launcher, ['up', '--demo', '--progress', 'plain'], {
    env: keelson.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  let linkMs = Number.NaN
  const healthyMs = await new Promise<number>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      said += chunk.toString()
      const nowMs = performance.now() - startedMs
      if (Number.isNaN(linkMs) && said.includes('/set-up#')) linkMs = nowMs
      if (/is up: \d+ services/.test(said)) resolve(nowMs)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('exit', () => reject(new Error(`up ended:\n${said}`)))
  })
  child.removeAllListeners('exit')
  return { child, linkMs, healthyMs }
}

const stopDemo = async (child: ReturnType<typeof spawn>): Promise<void> => {
  const exited = once(child, 'exit')
  child.kill('SIGINT')
  await exited
}

/** Resident memory of Keelson's own processes, the attached command included, in MB. */
const ownMemory = async (keelson: Keelson): Promise<number> => {
  const own = (await keelson.processes()).filter(({ command }) =>
    /server\/src\/(main\.ts|kernel\/watchdog\.sh|orchestrator\/runtime-process\/shim\.sh)|cli\/src\/main\.ts/.test(
      command,
    ),
  )
  let bytes = 0
  for (const { pid } of own) {
    const statm = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '0 0')
    bytes += Number(statm.split(' ')[1]) * 4096
  }
  return bytes / 1e6
}

const killOnce = async (keelson: Keelson): Promise<{ noticedMs: number; healthyMs: number }> => {
  const instances = await keelson.call('listInstances')
  const victim = instances.find(({ instance }) => instance === 'shop-orders-1')
  if (victim?.pid === null || victim === undefined) throw new Error('orders-1 does not run')
  const killedAt = Date.now()
  process.kill(victim.pid, 'SIGKILL')
  let noticedMs = Number.NaN
  for (;;) {
    const now = (await keelson.call('listInstances')).find(
      ({ instance }) => instance === victim.instance,
    )
    if (Number.isNaN(noticedMs) && now?.health !== 'healthy') noticedMs = Date.now() - killedAt
    const replaced = now?.health === 'healthy' && now.pid !== victim.pid
    if (replaced) return { noticedMs, healthyMs: Date.now() - killedAt }
    await sleep(5)
  }
}

/** Idempotent requests through the gateway while one of two replicas is killed again and again. */
const failuresUnderKills = async (keelson: Keelson) => {
  let requests = 0
  let failures = 0
  let running = true
  const ask = (): Promise<void> =>
    new Promise((resolve) => {
      requests += 1
      get(`${keelson.gateway}/shop/api/orders`, (response) => {
        if ((response.statusCode ?? 500) >= 500) failures += 1
        response.resume().once('end', resolve)
      }).once('error', () => {
        failures += 1
        resolve()
      })
    })
  const client = async (): Promise<void> => {
    while (running) await ask()
  }
  const clients = Array.from({ length: 4 }, client)
  const kills: { noticedMs: number; healthyMs: number }[] = []
  for (let round = 0; round < rounds; round += 1) {
    kills.push(await killOnce(keelson))
    await sleep(500)
  }
  running = false
  await Promise.all(clients)
  return { requests, failures, kills }
}

const keelson = await createKeelson()
try {
  const first = await startDemo(keelson)
  await sleep(5000)
  rows.push(
    { what: 'first start: set-up link', value: first.linkMs, unit: 'ms', target: 5000 },
    { what: 'first start: demo all healthy', value: first.healthyMs, unit: 'ms', target: 12_000 },
    { what: 'first start: memory', value: await ownMemory(keelson), unit: 'MB', target: 350 },
  )
  await stopDemo(first.child)
  const second = await startDemo(keelson)
  await sleep(5000)
  const memory = await ownMemory(keelson)
  const { requests, failures, kills } = await failuresUnderKills(keelson)
  rows.push(
    { what: 'second start: set-up link', value: second.linkMs, unit: 'ms', target: 5000 },
    { what: 'second start: demo all healthy', value: second.healthyMs, unit: 'ms', target: 8000 },
    { what: 'second start: memory', value: memory, unit: 'MB', target: 350 },
    {
      what: 'kill -9: noticed, median',
      value: median(kills.map((k) => k.noticedMs)),
      unit: 'ms',
      target: 1000,
    },
    {
      what: 'kill -9: noticed, slowest',
      value: Math.max(...kills.map((k) => k.noticedMs)),
      unit: 'ms',
      target: 1000,
    },
    {
      what: 'kill -9: replacement healthy, median',
      value: median(kills.map((k) => k.healthyMs)),
      unit: 'ms',
      target: 3000,
    },
    {
      what: 'kill -9: replacement healthy, slowest',
      value: Math.max(...kills.map((k) => k.healthyMs)),
      unit: 'ms',
      target: 3000,
    },
    { what: `failed of ${requests} GETs meanwhile`, value: failures, unit: '', target: 0 },
  )
  await stopDemo(second.child)
  await keelson.assertNothingLeft()
} finally {
  await keelson.dispose()
}

console.log('| what | figure | target |\n|---|---|---|')
for (const { what, value, unit, target } of rows) {
  console.log(`| ${what} | ${Math.round(value)} ${unit} | ≤ ${target} ${unit} |`)
}
process.exitCode = rows.every(({ value, target }) => value <= target) ? 0 : 1
