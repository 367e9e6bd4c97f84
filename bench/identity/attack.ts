/**
 * Somebody guesses passwords, from many addresses at many names, while others work.
 *
 *   node bench/identity/attack.ts [attempts a second, 1000] [seconds, 30]
 *
 * A whole Keelson in a folder of its own. The attack does not wait for answers before it goes on; one
 * user asks for the services all the time, and signs in again and again on a device that is known.
 * Prints their times before and during, and the memory of the control process before, at most, and after.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { Agent, request, type IncomingHttpHeaders } from 'node:http'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, until } from '../waiting.ts'

const [perSecond = 1000, seconds = 30] = process.argv.slice(2).map(Number)
const inFlightMax = 2000
const administrator = { name: 'ana', password: 'gravel lantern oboe' }

const folder = await mkdtemp(join(tmpdir(), 'keelson-bench-attack-'))
const setupFile = join(folder, 'setup')
await writeFile(setupFile, `${administrator.name}\n${administrator.password}\n`, { mode: 0o600 })
const port = await freePort()
const platform = spawn(
  process.execPath,
  [join(import.meta.dirname, '../../packages/server/src/main.ts')],
  {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      KEELSON_DATA_DIR: join(folder, 'data'),
      KEELSON_PORT: String(port),
      KEELSON_GATEWAY_PORT: String(await freePort()),
      KEELSON_GATEWAY_TLS_PORT: String(await freePort()),
      KEELSON_SETUP_FILE: setupFile,
      KEELSON_TRUSTED_PROXIES: '127.0.0.1',
      KEELSON_LOG_LEVEL: 'error',
    },
  },
)
const ended = once(platform, 'exit')

type Answer = { status: number; headers: IncomingHttpHeaders; tookMs: number }
type Ask = { agent: Agent; method?: string; headers?: Record<string, string>; body?: unknown }

const ask = (path: string, { agent, method = 'GET', headers = {}, body }: Ask): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const beganMs = performance.now()
    const given = {
      host: `127.0.0.1:${port}`,
      origin: `http://127.0.0.1:${port}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    }
    const sent = request(
      { agent, host: '127.0.0.1', port, method, path, headers: given },
      (answer) => {
        answer.resume()
        answer.once('error', reject)
        answer.once('end', () =>
          resolve({
            ...{ status: answer.statusCode ?? 0, headers: answer.headers },
            tookMs: performance.now() - beganMs,
          }),
        )
      },
    )
    sent.once('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })

/** Of the control process, in MB. */
const memory = async (): Promise<number> => {
  const status = await readFile(`/proc/${platform.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

const own = new Agent({ keepAlive: true })
const signIn = (cookie?: string): Promise<Answer> =>
  ask('/api/v1/session', {
    ...{ agent: own, method: 'POST', body: administrator },
    headers: { 'x-forwarded-for': '192.0.2.7', ...(cookie === undefined ? {} : { cookie }) },
  })

const cookiesOf = ({ headers }: Answer): string[] =>
  (headers['set-cookie'] ?? []).map((one) => one.split(';')[0] ?? '')

const attack = async (isOver: () => boolean): Promise<Map<number, number>> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const answers = new Map<number, number>()
  const count = (status: number): void => void answers.set(status, (answers.get(status) ?? 0) + 1)
  let inFlight = 0
  let sent = 0
  const beganMs = performance.now()
  while (!isOver()) {
    const due = ((performance.now() - beganMs) / 1000) * perSecond
    for (; sent < due; sent += 1) {
      if (inFlight >= inFlightMax) {
        count(-1)
        continue
      }
      inFlight += 1
      const address = `198.${18 + (sent % 2)}.${(sent * 7) % 256}.${(sent * 13) % 256}`
      ask('/api/v1/session', {
        ...{ agent, method: 'POST', headers: { 'x-forwarded-for': address } },
        body: { name: `name-${sent % 5000}`, password: `guess ${sent}` },
      })
        .then(
          ({ status }) => count(status),
          () => count(0),
        )
        .finally(() => (inFlight -= 1))
    }
    await sleep(5)
  }
  agent.destroy()
  return answers
}

const p = (times: readonly number[], share: number): string =>
  `${(times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? Number.NaN).toFixed(1)} ms`

/** Somebody who works for so long, and signs in on their device twice a second. */
const work = async (forMs: number, { session, device }: { session: string; device: string }) => {
  const requests: number[] = []
  const signIns: number[] = []
  let refused = 0
  const endMs = performance.now() + forMs
  const asks = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const { status, tookMs } = await ask('/api/v1/services', {
        ...{ agent: own, headers: { cookie: session, 'x-forwarded-for': '192.0.2.7' } },
      })
      assert.equal(status, 200)
      requests.push(tookMs)
      await sleep(20)
    }
  }
  const signsIn = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const { status, tookMs } = await signIn(device)
      if (status === 200) signIns.push(tookMs)
      else refused += 1
      await sleep(500)
    }
  }
  await Promise.all([asks(), signsIn()])
  return (
    `requests p50 ${p(requests, 0.5)}, p99 ${p(requests, 0.99)}; ` +
    `sign-ins on a known device p50 ${p(signIns, 0.5)}, p99 ${p(signIns, 0.99)}, ` +
    `${signIns.length} done and ${refused} refused`
  )
}

try {
  await until('somebody can sign in', async () => (await signIn()).status === 200)
  const cookies = cookiesOf(await signIn())
  const session = cookies.find((one) => one.includes('session')) ?? assert.fail(cookies.join())
  const device = cookies.find((one) => one !== session) ?? assert.fail(cookies.join())
  console.log(`load before: ${loadavg()[0]?.toFixed(1)}`)
  console.log(`before: ${await work(5000, { session, device })}`)
  const before = await memory()
  let most = before
  let isDone = false
  const watch = (async () => {
    while (!isDone) {
      most = Math.max(most, await memory())
      await sleep(200)
    }
  })()
  const attacked = attack(() => isDone)
  const during = await work(seconds * 1000, { session, device })
  isDone = true
  await watch
  const answers = [...(await attacked)].toSorted(([a], [b]) => a - b)
  console.log(`during: ${during}`)
  console.log(
    `answers to the attack: ${answers.map(([status, n]) => `${n} × ${status}`).join(', ')}`,
  )
  await sleep(5000)
  const after = await memory()
  console.log(
    `memory: ${before.toFixed(0)} MB before, ${most.toFixed(0)} MB at most, ${after.toFixed(0)} MB after`,
  )
} finally {
  own.destroy()
  platform.kill('SIGTERM')
  await ended
  await rm(folder, { recursive: true, force: true })
}
