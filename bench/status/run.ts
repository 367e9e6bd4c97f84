/**
 * Time of `GET /api/v1/services/status` with 200 services: `node bench/status/run.ts`.
 *
 * A whole Keelson with its own PostgreSQL, in a folder and on ports of its own, runs a stack of
 * 200 services, each a real process (`sleep`). One client asks over one kept-alive connection, one
 * request after the other, from a process of its own. Prints a row of a Markdown table; ends with
 * exit code 1 when p99 is above the target of 20 ms.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  needs,
  serviceSpec,
  stackSpec,
} from '../../packages/server/src/orchestrator/testing/spec.ts'
import { freePort, until } from '../waiting.ts'

const services = Number(process.env['BENCH_SERVICES'] ?? 200)
const requests = Number(process.env['BENCH_REQUESTS'] ?? 2000)
const warmUp = 200
const targetP99Ms = 20

const main = join(import.meta.dirname, '../../packages/server/src/main.ts')
const folder = await mkdtemp(join(tmpdir(), 'keelson-bench-status-'))

const port = await freePort()
const environment = {
  KEELSON_DATA_DIR: folder,
  KEELSON_PORT: String(port),
  KEELSON_GATEWAY_PORT: String(await freePort()),
  KEELSON_GATEWAY_TLS_PORT: String(await freePort()),
  KEELSON_LOG_LEVEL: 'warn',
}
const platform = spawn(process.execPath, [main], {
  env: { ...process.env, ...environment },
  stdio: ['ignore', 'inherit', 'inherit'],
})
const ended = once(platform, 'exit')

const agent = new Agent({ keepAlive: true, maxSockets: 1 })
let token = ''

type Answer = { status: number; body: string }

const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const sent = request({ agent, host: '127.0.0.1', port, method, path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      )
    })
    sent.once('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })

/** Chains of ten, so that verdicts are rolled up as in a real stack. */
const serviceOf = (index: number) =>
  serviceSpec(`service-${index}`, {
    command: ['sleep', '86400'],
    dependsOn: index % 10 === 0 ? [] : [needs(`service-${index - 1}`, 'service_started')],
  })

const stack = stackSpec(
  'bench',
  Array.from({ length: services }, (_, index) => serviceOf(index)),
  { workingDir: folder },
)

const path = '/api/v1/services/status'
type Status = { total_services: number; healthy_services: number }

const measure = async (): Promise<number[]> => {
  const times: number[] = []
  for (let at = 0; at < warmUp + requests; at += 1) {
    const startedMs = performance.now()
    const { status, body } = await call('GET', path)
    const tookMs = performance.now() - startedMs
    assert.equal(status, 200, body)
    if (at >= warmUp) times.push(tookMs)
  }
  return times.sort((a, b) => a - b)
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN

try {
  await until('Keelson is ready', async () => {
    token = (await readFile(join(folder, 'token'), 'utf8')).trim()
    return (await call('GET', '/readyz')).status === 200
  })
  const applied = await call('PUT', '/api/v1/stacks/bench', stack)
  assert.equal(applied.status, 200, applied.body)
  await until('every service is healthy', async () => {
    const status = JSON.parse((await call('GET', path)).body) as Status
    return status.healthy_services >= services
  })
  const bytes = (await call('GET', path)).body.length
  const times = await measure()
  const [p50, p99, worst] = [percentile(times, 0.5), percentile(times, 0.99), percentile(times, 1)]
  console.log('| services | answer | requests | p50 | p99 | slowest | target p99 |')
  console.log('|---:|---:|---:|---:|---:|---:|---:|')
  const row = [
    ...[services, `${(bytes / 1024).toFixed(0)} kB`, requests],
    ...[p50, p99, worst].map((ms) => `${ms.toFixed(2)} ms`),
    `≤ ${targetP99Ms} ms`,
  ]
  console.log(`| ${row.join(' | ')} |`)
  if (p99 > targetP99Ms) process.exitCode = 1
} finally {
  agent.destroy()
  platform.kill('SIGTERM')
  await ended
  await rm(folder, { recursive: true, force: true })
}
