import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { root } from '../harness.ts'

const moduleAt = (file: string): string =>
  JSON.stringify(pathToFileURL(path.join(root, 'packages/server/src', file)).href)

/** A gateway with plugins and its origin in a process of their own; a line on its input is answered with its heap. */
const program = `
import { createInterface } from 'node:readline'
import { openGateway, startOrigin } from ${moduleAt('gateway/testing/gateway.ts')}
const origin = await startOrigin((request, response) => response.end('{"ok":true}'))
const config = JSON.stringify({
  _format_version: '3.0',
  consumers: [{ username: 'one', keyauth_credentials: [{ key: 'secret' }] }],
  services: [{
    name: 'app', url: 'http://127.0.0.1:' + origin.port,
    routes: [{ name: 'all', paths: ['/'] }],
    plugins: [
      { name: 'correlation-id', config: {} },
      { name: 'key-auth', config: {} },
      { name: 'rate-limiting', config: { minute: 100000000, limit_by: 'header', header_name: 'x-who' } },
      { name: 'request-transformer', config: { add: { headers: ['x-a:b'] } } },
      { name: 'response-transformer', config: { add: { headers: ['x-c:d'] } } },
      { name: 'http-cache', config: {} },
    ],
  }],
})
const gateway = await openGateway({ config })
console.log(gateway.port)
for await (const _line of createInterface({ input: process.stdin })) {
  for (let round = 0; round < 4; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    globalThis.gc()
  }
  console.log(process.memoryUsage().heapUsed)
}
process.exit()
`

const depth = 32

/** So many requests, pipelined over some connections, each of somebody else and for another path. */
const drive = async (port: number, first: number, total: number): Promise<number> => {
  let sent = first
  let answered = 0
  const one = (number: number): string =>
    `GET /p${number} HTTP/1.1\r\nHost: h\r\napikey: secret\r\nx-who: ${number % 5000}\r\n\r\n`
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.setEncoding('latin1')
      let open = 0
      let rest = ''
      const batch = (): void => {
        let text = ''
        while (open < depth && sent < first + total) {
          text += one(sent)
          sent += 1
          open += 1
        }
        if (text !== '') socket.write(text)
        else if (open === 0) socket.end()
      }
      socket.on('data', (piece: string) => {
        const parts = (rest + piece).split('{"ok":true}')
        rest = (parts.pop() ?? '').slice(-20)
        open -= parts.length
        answered += parts.length
        if (open === 0) batch()
      })
      batch()
      await once(socket, 'close')
    }),
  )
  return answered
}

test(
  '200,000 requests with plugins: the heap of the second half is that of the first',
  { timeout: 120_000 },
  async (t) => {
    const child = spawn(
      process.execPath,
      ['--expose-gc', '--max-semi-space-size=16', '--input-type=module', '-e', program],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
    const exited = once(child, 'exit')
    try {
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
      const next = async (): Promise<number> => Number((await lines.next()).value)
      const heap = async (): Promise<number> => {
        child.stdin.write('\n')
        return await next()
      }
      const port = await next()
      const heaps: number[] = []
      const part = 40_000
      for (let round = 0; round < 5; round += 1) {
        assert.equal(await drive(port, round * part, part), part)
        heaps.push(await heap())
      }
      const inMiB = heaps.map((bytes) => (bytes / 1024 / 1024).toFixed(1)).join(', ')
      t.diagnostic(`heap after every ${part} requests: ${inMiB} MiB`)
      // The first part fills what is bounded: counters, codes, connections.
      const [, second = 0] = heaps
      const last = heaps.at(-1) ?? Infinity
      assert.ok(last - second < 4 * 1024 * 1024, inMiB)
    } finally {
      child.kill('SIGKILL')
      await exited
    }
  },
)
