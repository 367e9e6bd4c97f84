import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { describeListeners, findPortHolder, listListeners } from './listeners.ts'

test('the program that listens on a port is found, and no longer once it has let go', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  assert.equal((await findPortHolder(port))?.pid, process.pid)
  server.close()
  await once(server, 'close')
  assert.equal(await findPortHolder(port), null)
})

const skip = process.platform === 'linux' ? false : 'the list is read from /proc'

test('listeners are listed with who has them, each port once', { skip }, async () => {
  const server = createServer().listen(0, '127.0.0.1')
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await Promise.all([once(server, 'listening'), once(socket, 'listening')])
  try {
    const listeners = await listListeners()
    const of = (port: number, protocol: string) =>
      listeners.filter((one) => one.port === port && one.protocol === protocol)
    const [tcp, ...others] = of((server.address() as AddressInfo).port, 'tcp')
    assert.equal(tcp?.pid, process.pid)
    assert.match(tcp?.command ?? '', /^node/)
    assert.deepEqual(others, [])
    assert.equal(of(socket.address().port, 'udp')[0]?.pid, process.pid)
  } finally {
    server.close()
    socket.close()
  }
})

test('who asks at the same time is told the same, and soon what is new', { skip }, async () => {
  const lists = await Promise.all(Array.from({ length: 500 }, describeListeners))
  assert.ok(lists.every((list) => list.every((one, at) => one === lists[0]?.[at])))
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const deadline = performance.now() + 60_000
  const isSeen = async () => (await describeListeners()).some((one) => one.port === port)
  while (!(await isSeen())) assert.ok(performance.now() < deadline, 'it is never told')
  server.close()
})
