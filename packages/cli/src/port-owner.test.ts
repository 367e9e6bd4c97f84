import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { findPortOwner } from './port-owner.ts'

test('the program that listens on a port is found, and no longer once it has let go', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  assert.equal((await findPortOwner(port))?.pid, process.pid)
  server.close()
  await once(server, 'close')
  assert.equal(await findPortOwner(port), undefined)
})
