import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'

import { rawClient } from './testing.ts'

const moduleAt = (...path: string[]): string =>
  JSON.stringify(pathToFileURL(join(import.meta.dirname, ...path)).href)

/** A listener in a process of its own, which may open few files. */
const program = `
import { createListener } from ${moduleAt('listener.ts')}
import { systemClock } from ${moduleAt('..', '..', '..', 'kernel', 'clock.ts')}
const listener = createListener({
  engineDoor: (exchange) => exchange.sendWhole(200, '', [], null),
  newId: () => 'id',
  clock: systemClock,
  warn: (facts, message) => console.log(message),
})
await listener.open('127.0.0.1', 0)
console.log(listener.address().port)
`

const startStarved = async () => {
  const command = 'ulimit -n 64; exec "$0" --input-type=module -e "$1"'
  const child = spawn('sh', ['-c', command, process.execPath, program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said: string[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => said.push(line))
  const [port] = (await once(lines, 'line')) as [string]
  return {
    port: Number(port),
    said,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

const request = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

test('with few file descriptors new connections are shed, and old ones go on', async () => {
  await using starved = await startStarved()
  const clients: ReturnType<typeof rawClient>[] = []
  const kept: typeof clients = []
  for (let count = 0; count < 100; count += 1) {
    const client = rawClient(starved.port)
    clients.push(client)
    client.send(request)
    const answered = await client.hears(/200 OK/).then(
      () => true,
      () => false,
    )
    if (answered) kept.push(client)
  }
  // Three quarters of what is left: some are for services.
  assert.equal(kept.length, 24)
  for (const client of kept) {
    client.send(request)
    await client.hears(/200 OK[^]*200 OK/)
  }
  // Room again: the next one is served.
  for (const client of kept.splice(0, 5)) client.socket.destroy()
  let heard = ''
  while (!heard.includes('200 OK')) {
    using client = rawClient(starved.port)
    client.send(request.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
    heard = await client.end()
  }
  assert.equal(starved.isAlive(), true)
  assert.ok(starved.said.includes('too many client connections'))
  assert.ok(starved.said.length < 20, 'and it is told once a second at most')
  for (const client of clients) client.socket.destroy()
})
