import { connect, type Socket } from 'node:net'

/**
 * Requests at a fixed rate, whatever the answers do: an open loop. A slow answer does not hold
 * back the next request, and each is measured from the moment it was due, so that a stall is seen
 * by all who would have met it (coordinated omission).
 *
 * Runs as `node pace.ts <port> <requests per second> <seconds>`; prints one line of JSON,
 * latencies in milliseconds.
 */
const [port = 0, rate = 2000, seconds = 5] = process.argv.slice(2).map(Number)
const request = Buffer.from('GET /products/42?full=1 HTTP/1.1\r\nHost: bench\r\n\r\n')
const end = Buffer.from('"stock":7}')

type Lane = { socket: Socket; dueMs: number }

const latencies: number[] = []
const free: Lane[] = []
const due: number[] = []
let failures = 0

const send = (lane: Lane, dueMs: number): void => {
  lane.dueMs = dueMs
  lane.socket.write(request)
}

const openLane = (): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => {
      free.push(lane)
      resolve()
    })
    const lane: Lane = { socket, dueMs: 0 }
    socket.on('data', (bytes: Buffer) => {
      if (!bytes.includes(end)) return
      latencies.push(performance.now() - lane.dueMs)
      const next = due.shift()
      if (next === undefined) free.push(lane)
      else send(lane, next)
    })
    socket.on('error', () => (failures += 1))
  })

await Promise.all(Array.from({ length: 64 }, openLane))

const startMs = performance.now()
const total = rate * seconds
let sent = 0
await new Promise<void>((resolve) => {
  // A turn of the loop is far shorter than the 0.5 ms between two requests; timers are not.
  const turn = (): void => {
    const nowMs = performance.now()
    for (; sent < total; sent += 1) {
      const dueMs = startMs + (sent * 1000) / rate
      if (dueMs > nowMs) break
      const lane = free.pop()
      if (lane === undefined) due.push(dueMs)
      else send(lane, dueMs)
    }
    if (latencies.length + failures < total && nowMs - startMs < (seconds + 10) * 1000) {
      setImmediate(turn)
    } else {
      resolve()
    }
  }
  turn()
})

const sorted = latencies.toSorted((a, b) => a - b)
const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? NaN
console.log(
  JSON.stringify({
    ...{ p50: at(0.5), p99: at(0.99), longest: sorted.at(-1) },
    ...{ answered: sorted.length, failures, total },
  }),
)
process.exit(0)
