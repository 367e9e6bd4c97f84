import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from './machine.ts'
import type { Pair } from './opponents.ts'
import { clients, requestsPerVisit, type Ports } from './soak-clients.ts'
import type { Held } from './soak-gateway.ts'
import { startEchoes } from './tunnels.ts'

/**
 * Requests of all kinds as fast as they are answered: plugins, TLS, a cache, uploads, WebSockets,
 * failing services, clients that leave. 5 million are what 58 requests per second make in a day.
 * Looked at between the parts, when nothing is under way; the first part fills what is bounded.
 */
const requestsMost = Number(process.env['BENCH_SOAK_REQUESTS'] ?? 5_000_000)
const parts = 10

/** What may be there at the end beyond what was there after the second part. */
const growthMost: Held = { heapMb: 8, outsideMb: 8, residentMb: 64, files: 16, resources: 16 }

export const soak = async (originPort: number, { cert, key }: Pair): Promise<void> => {
  const faulty = await startEchoes()
  const gateway = await startGateway({
    STEADY_PORT: String(originPort),
    FAULTY_PORT: String(faulty.port),
    CLOSED_PORT: String(await freePort()),
    ...{ CERT_FILE: cert, KEY_FILE: key },
  })
  console.log('\n| requests | heap | outside of it | resident | open files | resources |')
  console.log('|---:|---:|---:|---:|---:|---:|')
  const looks: Held[] = []
  let answered = 0
  try {
    for (let part = 0; part <= parts; part += 1) {
      if (part > 0) answered += await drive(gateway.ports, answered, requestsMost / parts)
      const held = await gateway.look()
      looks.push(held)
      console.log(`| ${[answered.toLocaleString('en'), ...cellsOf(held)].join(' | ')} |`)
    }
  } finally {
    await gateway.stop()
    faulty.close()
  }
  const [, , early] = looks
  const last = looks.at(-1)
  if (early !== undefined && last !== undefined) judge(early, last)
}

const cellsOf = ({ heapMb, outsideMb, residentMb, files, resources }: Held): string[] => [
  ...[heapMb, outsideMb, residentMb].map((mb) => `${mb.toFixed(1)} MB`),
  ...[files, resources].map(String),
]

/** All clients, each again as soon as it has gone, until there were so many requests. */
const drive = async (ports: Ports, first: number, most: number): Promise<number> => {
  let [begun, answered] = [0, 0]
  await Promise.all(
    clients.map(async (client) => {
      while (answered < most) {
        begun += requestsPerVisit
        const more = await client(ports, first + begun)
        answered += more // after the wait: others have added meanwhile
      }
    }),
  )
  return answered
}

const startGateway = async (environment: Readonly<Record<string, string>>) => {
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--max-semi-space-size=16', join(import.meta.dirname, 'soak-gateway.ts')],
    { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...environment } },
  )
  const gone = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error('the gateway has ended')
    return JSON.parse(value)
  }
  return {
    ports: (await next()) as Ports,
    look: async (): Promise<Held> => {
      child.stdin.write('\n')
      return (await next()) as Held
    },
    stop: async (): Promise<void> => {
      child.stdin.end()
      await gone
    },
  }
}

const judge = (early: Held, last: Held): void => {
  const grown = (Object.keys(growthMost) as (keyof Held)[]).filter(
    (what) => last[what] - early[what] > growthMost[what],
  )
  console.log(grown.length === 0 ? '\nNothing has grown.' : `\nGROWN: ${grown.join(', ')}`)
  if (grown.length > 0) process.exitCode = 1
}
