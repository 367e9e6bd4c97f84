import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import test, { type TestContext } from 'node:test'
import { findProgram, missingPrograms, root, waitFor } from './harness.ts'

// The MQTT client that the blueprints share, against the broker they run.

type Client = {
  isConnected: () => boolean
  publish: (
    topic: string,
    payload: string,
    how?: { qos?: 0 | 1; retain?: boolean },
  ) => Promise<void>
  subscribe: (filter: string, handler: (topic: string, payload: Buffer) => void) => void
  close: () => Promise<void>
}
type Packets = {
  createPacketReader: (onPacket: (packet: { kind: number; body: Buffer }) => void) => Take
  fits: (filter: string, topic: string) => boolean
  publishPacket: (message: { topic: string; payload: Buffer; qos: 0 | 1; id?: number }) => Buffer
}
type Take = (chunk: Buffer) => void

const shared = `${root}/blueprints/shared`
const { connectMqtt } = (await import(`${shared}/mqtt.mjs`)) as {
  connectMqtt: (options: object) => Client
}
const { createPacketReader, fits, publishPacket } = (await import(
  `${shared}/mqtt-packets.mjs`
)) as Packets

const skip = await missingPrograms('mosquitto')
const quiet = { info: () => {}, warn: () => {} }

/** A broker in memory on this port, or on a free one. */
const startBroker = async (t: TestContext, wanted = 0) => {
  const port = wanted === 0 ? await findFreePort() : wanted
  const program = (await findProgram('mosquitto')) ?? 'mosquitto'
  const child = spawn(program, ['-p', String(port)], { stdio: 'ignore' })
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  t.after(stop)
  return { port, stop }
}

const findFreePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Lets a client through to the broker until it is cut. */
const startWire = async (t: TestContext, port: number) => {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => {})
      one.on('close', () => other.destroy())
      one.pipe(other)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => sockets.forEach((socket) => socket.destroy())
  t.after(() => {
    cut()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, cut }
}

const open = async (t: TestContext, port: number, clientId: string, rest = {}) => {
  const client = connectMqtt({ host: '127.0.0.1', port, clientId, log: quiet, ...rest })
  t.after(() => client.close())
  await waitFor(`${clientId} is connected`, () => client.isConnected())
  return client
}

test('an MQTT client', { skip }, async (t) => {
  await t.test('hears what fits its filters, also what was retained before it came', async (t) => {
    const { port } = await startBroker(t)
    const teller = await open(t, port, 'teller')
    await teller.publish('a/kept', 'old', { qos: 1, retain: true })
    const listener = await open(t, port, 'listener')
    const heard: string[] = []
    listener.subscribe('a/+', (topic, payload) => heard.push(`${topic} ${payload.toString()}`))
    await waitFor('the retained one is there', () => heard.includes('a/kept old'))
    await teller.publish('a/b/c', 'too deep', { qos: 1 })
    await teller.publish('a/new', 'now', { qos: 1 })
    await waitFor('the new one is there', () => heard.includes('a/new now'))
    assert.deepEqual(heard, ['a/kept old', 'a/new now'])
  })

  await t.test('comes back with its subscriptions, and sends what waited', async (t) => {
    const first = await startBroker(t)
    const client = await open(t, first.port, 'stubborn')
    const heard: string[] = []
    client.subscribe('#', (_topic, payload) => heard.push(payload.toString()))
    await first.stop()
    await waitFor('the loss is seen', () => !client.isConnected())
    const sent = client.publish('x', 'waited', { qos: 1 })
    await startBroker(t, first.port)
    await sent
    await waitFor('it came back to us', () => heard.includes('waited'))
  })

  await t.test('has a last will for a lost connection, and none for a goodbye', async (t) => {
    const { port } = await startBroker(t)
    const wire = await startWire(t, port)
    const listener = await open(t, port, 'heir')
    const heard: string[] = []
    listener.subscribe('will/#', (topic, payload) => heard.push(`${topic} ${payload.toString()}`))
    const will = (name: string) => ({ will: { topic: `will/${name}`, payload: 'lost' } })
    const polite = await open(t, port, 'polite', will('polite'))
    await polite.close()
    await open(t, wire.port, 'unlucky', will('unlucky'))
    wire.cut()
    await waitFor('the will is read', () => heard.includes('will/unlucky lost'))
    assert.ok(!heard.some((one) => one.startsWith('will/polite')))
  })

  await t.test('refuses more than may wait for the broker', async (t) => {
    const { port, stop } = await startBroker(t)
    const client = await open(t, port, 'patient')
    await stop()
    await waitFor('the loss is seen', () => !client.isConnected())
    for (let index = 0; index < 500; index += 1) void client.publish('x', 'y', { qos: 1 })
    await assert.rejects(client.publish('x', 'y', { qos: 1 }), /500 messages wait/)
  })
})

test('MQTT packets', async (t) => {
  await t.test('are read however the bytes come', () => {
    const bytes = Buffer.concat(
      [0, 1, 127, 128, 20_000].map((size) =>
        publishPacket({ topic: 'a/b', payload: Buffer.alloc(size, 1), qos: 1, id: 7 }),
      ),
    )
    for (const step of [1, 3, 1000, bytes.length]) {
      const sizes: number[] = []
      const take = createPacketReader(({ body }) => sizes.push(body.length))
      for (let at = 0; at < bytes.length; at += step) take(bytes.subarray(at, at + step))
      assert.deepEqual(sizes, [7, 8, 134, 135, 20_007])
    }
  })

  await t.test('that are too large, or whose length has no end, are refused', () => {
    const take = createPacketReader(() => {})
    assert.throws(() => take(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f])), /too large/)
    assert.throws(() => createPacketReader(() => {})(Buffer.alloc(6, 0xff)), /four bytes/)
  })

  await t.test('filters fit by level, and $-topics only by name', () => {
    const cases: [string, string, boolean][] = [
      ['a/+', 'a/b', true],
      ['a/+', 'a', false],
      ['a/+', 'a/b/c', false],
      ['a/#', 'a/b/c', true],
      ['a/#', 'a', true],
      ['#', '$SYS/uptime', false],
      ['$SYS/#', '$SYS/uptime', true],
    ]
    for (const [filter, topic, expected] of cases) {
      assert.equal(fits(filter, topic), expected, `${filter} ${topic}`)
    }
  })
})
