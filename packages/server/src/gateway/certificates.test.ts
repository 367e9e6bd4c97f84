import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock as clock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import type { Events } from '../kernel/events.ts'
import type { Recorder } from '../kernel/recorder.ts'
import { createTestDb, quietLog, testKeyring as keyring, until } from '../kernel/testing/index.ts'
import { createHealth } from '../health/index.ts'
import { createRegistry } from '../registry/index.ts'
import { createCertificates } from './certificates.ts'
import { emptyBoard } from './control/acme/board.ts'
import { certificateRowsOf } from './control/certificate-rows.ts'
import { createDocuments } from './documents.ts'
import { createDrain } from './drain.ts'
import { createGatewayNode } from './node.ts'
import { createPublisher } from './publisher.ts'
import { openAcmeServer } from './testing/acme-server.ts'
import { aConfig, aPlugin, documentOf, freePort, openGateway } from './testing/gateway.ts'
import { shownTo } from './tls/testing/client.ts'
import { planeOf } from './workers/plane.ts'

const migrations = [{ domain: 'gateway', dir: join(import.meta.dirname, 'migrations') }]
const noRecorder: Recorder = { record: () => {}, flush: async () => true, stop: () => {} }

const acmeFor = (directoryUrl: string, domains: string[]) =>
  aPlugin('acme', {
    ...{ account_email: 'ops@a.test', api_uri: directoryUrl, tos_accepted: true, domains },
    ...{ cert_type: 'ecc', rsa_key_size: 4096, renew_threshold_days: 14, fail_backoff_minutes: 5 },
  })

/** The control side, as it is after each start of the platform. */
const openControl = (db: Db, directoryUrl: string) => {
  const registry = createRegistry({ db: {} as Db, recorder: noRecorder, clock })
  const health = createHealth({
    ...{ registry, db: {} as Db, events: {} as Events, recorder: noRecorder, clock },
    log: quietLog,
  })
  const document = documentOf(aConfig({ plugins: [acmeFor(directoryUrl, ['shop.test'])] }))
  const documents = createDocuments({
    ...{ registry, plugins: new Map(), log: quietLog },
    sources: [{ documents: () => [document] }],
  })
  const board = emptyBoard()
  const publisher = createPublisher({
    ...{ registry, health, db, clock, log: quietLog, documents, acme: () => board.state() },
  })
  const drain = createDrain({ publisher, registry, health, db, clock, log: quietLog })
  const gatewayControl = { documents, acme: board }
  const certificates = createCertificates({
    ...{ gatewayControl, drain, db, keyring, clock, log: quietLog },
  })
  publisher.start()
  certificates.start()
  return {
    present: certificates.present,
    rows: () =>
      certificateRowsOf({
        ...{ documents: [], managerOf: () => assert.fail(), acme: board.states() },
        localAuthority: null,
      }),
    [Symbol.asyncDispose]: async () => {
      await certificates.stop()
      drain.stop()
      publisher.stop()
    },
  }
}

/** A gateway that follows the database. */
const openNode = async (db: Db, port: number) => {
  const gateway = await openGateway({ config: aConfig(), tls: {}, port })
  const proxy = { ...gateway.proxy, start: async () => {} }
  const node = createGatewayNode({
    db,
    plane: planeOf(proxy),
    clock,
    log: quietLog,
    id: String(port),
  })
  await node.start()
  return {
    tlsPort: gateway.tlsPort,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]()
      await node.stop()
    },
  }
}

const shows = (tlsPort: number) =>
  shownTo(tlsPort, { servername: 'shop.test' }).then(
    (name) => name === 'shop.test',
    () => false,
  )

test('a certificate is proved by the gateways, kept in the database, and shown by all of them', async () => {
  await using world = await createTestDb({ migrations })
  const port = await freePort()
  await using server = await openAcmeServer({ httpPort: port })
  await using asked = await openNode(world.db, port)
  await using other = await openNode(world.db, await freePort())
  {
    await using control = openControl(world.db, server.directoryUrl)
    assert.equal(control.rows()[0]?.notAfter ?? null, null)
    for (const { tlsPort } of [asked, other]) await until('it is shown', () => shows(tlsPort))
    const [row] = control.rows()
    assert.deepEqual(row?.names, ['shop.test'])
    assert.equal(row?.issuer, 'Test ACME CA')
    assert.equal(row?.problem, null)
  }
  await using again = openControl(world.db, server.directoryUrl)
  await until('it is known', () => again.rows()[0]?.issuer === 'Test ACME CA')
  await using third = await openNode(world.db, await freePort())
  await until('it is shown', () => shows(third.tlsPort))
  assert.deepEqual(server.challenges, ['http-01 shop.test'])
  assert.equal(server.accounts(), 1)
})

test('why there is no certificate is told', async () => {
  await using world = await createTestDb({ migrations })
  // No gateway answers there.
  await using server = await openAcmeServer({ httpPort: await freePort() })
  await using control = openControl(world.db, server.directoryUrl)
  await until('it is told', () => /not proved/.test(control.rows()[0]?.problem ?? ''))
  assert.equal(control.rows()[0]?.notAfter, null)
})

test('what the platform has to prove of its own name, all gateways show', async () => {
  await using world = await createTestDb({ migrations })
  await using server = await openAcmeServer()
  const ports = [await freePort(), await freePort()] as const
  await using first = await openNode(world.db, ports[0])
  await using second = await openNode(world.db, ports[1])
  await using control = openControl(world.db, server.directoryUrl)
  const digest = Buffer.alloc(32, 7)
  const challenge = { name: 'ops.test', token: 'token', keyAuthorization: 'token.me', digest }
  const askAll = () =>
    Promise.all(
      ports.map(async (port) => {
        const answer = await fetch(`http://127.0.0.1:${port}/.well-known/acme-challenge/token`)
        return `${answer.status} ${await answer.text()}`
      }),
    )
  const shown = await control.present({ type: 'http-01', ...challenge })
  assert.deepEqual(await askAll(), ['200 token.me', '200 token.me'])
  await shown.withdraw()
  for (const answer of await askAll()) assert.match(answer, /^404 /)
  await control.present({ type: 'tls-alpn-01', ...challenge })
  for (const { tlsPort } of [first, second]) {
    const proof = { servername: 'ops.test', ALPNProtocols: ['acme-tls/1'] }
    assert.equal(await shownTo(tlsPort, proof), 'ops.test')
  }
})
