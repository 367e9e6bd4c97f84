/**
 * What it costs to know who asks: the same route for everybody, and behind a session, in turns.
 *
 *   node bench/identity/requests.ts [rounds, 5] [seconds each, 4]
 *
 * The server, with identity over a PostgreSQL of its own, is in this process; who asks is in another.
 * Prints the median of the rounds over one connection (what one request takes) and over 32 (how many
 * there are), and how many transactions PostgreSQL saw in the meantime, where epoch and last use are
 * looked at by the clock and not by request. The processor time of the check alone comes first: it says
 * something on a busy machine too.
 */
import { execFile } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { loadavg } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { systemClock } from '../../packages/server/src/kernel/clock.ts'
import { createHttp } from '../../packages/server/src/kernel/http.ts'
import { newId } from '../../packages/server/src/kernel/ids.ts'
import { quietLog } from '../../packages/server/src/kernel/testing/index.ts'
import { createIdentity } from '../../packages/server/src/identity/identity.ts'
import {
  callerFrom,
  entered,
  openIdentity,
  password,
  requestWith,
} from '../../packages/server/src/identity/testing/open-identity.ts'

const [rounds = 5, seconds = 4] = process.argv.slice(2).map(Number)
const run = promisify(execFile)
const client = join(import.meta.dirname, 'client.ts')

await using opened = await openIdentity()
await opened.addPerson('ana', 'operator')
const identity = createIdentity({ ...opened.deps, clock: systemClock })
await identity.start(undefined)
const { token } = entered(await identity.signIn({ name: 'ana', password }, callerFrom({})))

const http = await createHttp({
  ...{ log: quietLog, clock: systemClock, newId, hostNames: ['127.0.0.1'] },
  authenticate: (request) => identity.authenticate(request),
  onDenied: async () => undefined,
})
const answer = {
  items: Array.from({ length: 20 }, (_, at) => ({ id: `shop/web-${at}`, state: 'up' })),
}
http.app.get('/bench/public', { config: { permission: 'public' } }, async () => answer)
http.app.get(
  '/bench/session',
  { config: { permission: 'services:read', on: 'listed' } },
  async () => answer,
)
await http.listen({ host: '127.0.0.1', port: 0 })
const { port } = http.app.server.address() as AddressInfo

type Figures = { count: number; perSecond: number; p50: number; p99: number }

const transactions = async (): Promise<number> => {
  await opened.db.execute('select pg_stat_force_next_flush()')
  const { n } = await opened.db.one<{ n: string }>(
    'select xact_commit + xact_rollback as n from pg_stat_database where datname = current_database()',
  )
  return Number(n)
}

const ask = async (path: string, connections: number): Promise<Figures> => {
  const url = `http://127.0.0.1:${port}${path}`
  const args = [client, url, String(connections), String(seconds), `keelson_session=${token}`]
  const { stdout } = await run(process.execPath, args)
  return JSON.parse(stdout) as Figures
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const inProcess = async (): Promise<void> => {
  const request = requestWith({ cookie: `keelson_session=${token}` })
  const batches = 200
  const each = 200
  let tookUs = 0
  for (let batch = -batches; batch < batches; batch += 1) {
    const before = process.cpuUsage()
    for (let at = 0; at < each; at += 1) await identity.authenticate(request)
    const { user, system } = process.cpuUsage(before)
    if (batch >= 0) tookUs += user + system
    // The epoch has to be confirmed in between.
    await setImmediate()
  }
  console.log(`in process: ${(tookUs / batches / each).toFixed(1)} µs of processor a request`)
}
await inProcess()

const load = loadavg()[0]?.toFixed(1)
for (const connections of [1, 32]) {
  const found: Record<string, Figures[]> = { '/bench/public': [], '/bench/session': [] }
  let asked = 0
  let seen = 0
  for (let round = 0; round < rounds; round += 1) {
    for (const [path, figures] of Object.entries(found)) {
      const before = await transactions()
      const one = await ask(path, connections)
      figures.push(one)
      if (path !== '/bench/session') continue
      asked += one.count
      seen += (await transactions()) - before
    }
  }
  for (const [path, figures] of Object.entries(found)) {
    const of = (pick: (one: Figures) => number, digits = 3): string =>
      median(figures.map(pick)).toFixed(digits)
    console.log(
      `${path}, ${connections} connections: ${of((one) => one.perSecond, 0)}/s, p50 ${of((one) => one.p50)} ms, p99 ${of((one) => one.p99)} ms`,
    )
  }
  console.log(`  ${asked} requests behind the session: ${seen} transactions in PostgreSQL`)
}
console.log(`load before: ${load}`)
await http.close()
await identity.stop()
