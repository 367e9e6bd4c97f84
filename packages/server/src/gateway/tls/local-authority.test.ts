import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { once } from 'node:events'
import { createManualClock } from '../../kernel/testing/index.ts'
import { systemClock } from '../../kernel/clock.ts'
import { openLocalAuthority } from './local-authority.ts'

const folder = async () => {
  const path = await mkdtemp(join(tmpdir(), 'keelson-local-ca-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

test('a client that trusts the authority takes its leaves', async () => {
  await using data = await folder()
  const authority = await openLocalAuthority(data.path, systemClock)
  const { key, cert } = await authority.leafFor('shop.localhost')
  const server = createServer({ key, cert }, (socket) => socket.end('hello')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ca = authority.certificate
  const socket = connect({ host: '127.0.0.1', port, servername: 'shop.localhost', ca })
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  assert.equal(bytes.toString(), 'hello')
  assert.ok(socket.authorized)
  socket.destroy()
  server.close()
})

test('it is made once: the next start has the same one, and its key is for the owner only', async () => {
  await using data = await folder()
  const first = await openLocalAuthority(data.path, systemClock)
  const second = await openLocalAuthority(data.path, systemClock)
  assert.equal(second.certificate, first.certificate)
  const [file = ''] = await readdir(data.path)
  assert.equal((await stat(join(data.path, file))).mode & 0o777, 0o600)
  assert.match(await readFile(join(data.path, file), 'utf8'), /BEGIN PRIVATE KEY/)
})

test('a file that was cut off is told, and not replaced', async () => {
  await using data = await folder()
  await writeFile(join(data.path, 'local-ca.pem'), '-----BEGIN PRIVATE KEY-----\nabc')
  await assert.rejects(openLocalAuthority(data.path, systemClock))
  assert.deepEqual(await readdir(data.path), ['local-ca.pem'])
})

test('leaves are kept for half of their life, those of different names apart', async () => {
  await using data = await folder()
  const clock = createManualClock()
  const authority = await openLocalAuthority(data.path, clock)
  const leaf = async (name: string) => (await authority.leafFor(name)).cert
  const first = await leaf('a.test')
  assert.equal(await leaf('a.test'), first)
  assert.notEqual(await leaf('b.test'), first)
  clock.advance(46 * 86_400_000)
  const later = await leaf('a.test')
  assert.notEqual(later, first)
  assert.ok(new X509Certificate(later).checkHost('a.test'))
})

test('an authority that has ended makes way for a new one', async () => {
  await using data = await folder()
  const clock = createManualClock()
  const first = await openLocalAuthority(data.path, clock)
  clock.advance(3651 * 86_400_000)
  const second = await openLocalAuthority(data.path, clock)
  assert.notEqual(second.certificate, first.certificate)
})
