import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../kernel/clock.ts'
import type { GatewayConfig } from '../config/model.ts'
import { loadCanaries } from '../canaries/folder-keeping.ts'
import { openAcmeServer } from '../testing/acme-server.ts'
import { aConfig, aPlugin, aRoute, aService, freePort, startOrigin } from '../testing/gateway.ts'
import { openLocalAuthority } from '../tls/local-authority.ts'
import { getOver, shake } from '../tls/testing/client.ts'
import { serveGateway } from './serve.ts'

const answers = aPlugin('request-termination', { status_code: 200, message: 'here', echo: false })
const routes = [aRoute('r', null)]

const world = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-serve-'))
  const warnings: string[] = []
  const note = (_facts: object, message: string) => void warnings.push(message)
  const log = { info: () => {}, warn: note, error: note }
  return {
    ...{ folder, log, warnings },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

type Given = Parameters<typeof serveGateway>[1]
type Defaulted = 'streamPorts' | 'statusPort' | 'trustedProxies' | 'proxyProtocol'
type Options = Omit<Given, Defaulted> & Partial<Given>

const serve = async (config: GatewayConfig, options: Options) => {
  const gateway = await serveGateway(config, {
    ...{ streamPorts: [], statusPort: null, trustedProxies: [], proxyProtocol: [] },
    ...options,
  })
  return { ...gateway, [Symbol.asyncDispose]: () => gateway.close(0) }
}

const soon = () => new Promise((resolve) => setImmediate(resolve))

test('without certificates the authority of this machine signs', async () => {
  await using w = await world()
  const options = { host: '127.0.0.1', port: 0, tlsPort: 0, folder: w.folder, log: w.log }
  await using gateway = await serve(aConfig({ routes, plugins: [answers] }), options)
  const { certificate: ca } = await openLocalAuthority(w.folder, systemClock)
  const port = gateway.tlsAddress?.port ?? 0
  const socket = await shake(port, { ca, servername: 'shop.localhost', rejectUnauthorized: true })
  assert.match(await getOver(socket), /here/)
})

test('a certificate is obtained, shown, kept, and there again after a restart', async () => {
  await using w = await world()
  const port = await freePort()
  await using server = await openAcmeServer({ httpPort: port })
  const acme = aPlugin('acme', {
    ...{ account_email: 'ops@a.test', api_uri: server.directoryUrl, tos_accepted: true },
    ...{ domains: ['shop.test'], cert_type: 'ecc', rsa_key_size: 4096 },
    ...{ renew_threshold_days: 14, fail_backoff_minutes: 5 },
  })
  const config = aConfig({ routes, plugins: [answers, acme] })
  const options = { host: '127.0.0.1', port, tlsPort: 0, folder: w.folder, log: w.log }
  const ca = server.authority
  const isShown = async (tlsPort: number) => {
    const trusting = { ca, servername: 'shop.test', rejectUnauthorized: true }
    const socket = await shake(tlsPort, trusting).catch(() => undefined)
    return socket === undefined ? false : /here/.test(await getOver(socket))
  }
  for (const turn of ['obtained', 'kept']) {
    await using gateway = await serve(config, options)
    const tlsPort = gateway.tlsAddress?.port ?? 0
    while (!(await isShown(tlsPort))) await soon()
    assert.deepEqual(server.challenges, ['http-01 shop.test'], turn)
    assert.deepEqual(await gateway.problems(), [])
    // What is under way is given up with the gateway; what was proved is taken back.
    const proof = await fetch(`http://127.0.0.1:${port}/.well-known/acme-challenge/x`)
    assert.match(await proof.text(), /here/)
  }
  // The account, the certificate, and how its last order went.
  assert.equal((await readdir(join(w.folder, 'acme'))).length, 3)
})

test('a canary that was rolled back stays so over a restart', async () => {
  await using w = await world()
  const origin = (status: number) =>
    startOrigin((_request, response) => response.writeHead(status).end())
  await using app = await origin(200)
  await using next = await origin(500)
  const canary = {
    ...{ steps: [50], step_ms: 60_000, max_error_rate: 0.1, max_p95_ratio: 1000 },
    min_requests: 1,
  }
  const split = { rules: [{ service: 'next', weight: 0 }], sticky: false, canary }
  const config = aConfig({
    services: [
      aService('app', { port: app.port, 'x-keelson': { split } }),
      aService('next', { port: next.port }),
    ],
    routes: [aRoute('r', 'app')],
  })
  const options = { host: '127.0.0.1', port: 0, tlsPort: null, folder: w.folder, log: w.log }
  const statuses = async ({ address }: Awaited<ReturnType<typeof serve>>): Promise<Set<number>> => {
    const seen = new Set<number>()
    for (let count = 0; count < 20; count += 1) {
      seen.add((await fetch(`http://127.0.0.1:${address.port}/`)).status)
    }
    return seen
  }
  {
    await using gateway = await serve(config, options)
    while ((await loadCanaries(w.folder))[0]?.outcome !== 'rolled back') await statuses(gateway)
  }
  await using gateway = await serve(config, options)
  assert.deepEqual([...(await statuses(gateway))], [200])
})

test('a name that cannot be proved is told', async () => {
  await using w = await world()
  // Its challenges are looked for where nobody answers.
  await using server = await openAcmeServer({ httpPort: await freePort() })
  const acme = aPlugin('acme', {
    ...{ account_email: 'ops@a.test', api_uri: server.directoryUrl, tos_accepted: true },
    ...{ domains: ['shop.test'], cert_type: 'ecc', rsa_key_size: 4096 },
    ...{ renew_threshold_days: 14, fail_backoff_minutes: 5 },
  })
  const options = { host: '127.0.0.1', port: 0, tlsPort: null, folder: w.folder, log: w.log }
  await using gateway = await serve(aConfig({ routes, plugins: [acme] }), options)
  const told = /No certificate for shop\.test: .*not proved/
  while (!(await gateway.problems()).some((one) => told.test(one))) await soon()
  assert.ok((await gateway.problems()).includes('There are certificates, and no port for TLS.'))
})
