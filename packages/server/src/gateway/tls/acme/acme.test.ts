import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { systemClock as clock } from '../../../kernel/clock.ts'
import { until } from '../../../kernel/testing/index.ts'
import { openAcmeServer } from '../../testing/acme-server.ts'
import {
  aConfig,
  aPlugin,
  aRoute,
  documentOf,
  freePort,
  openGateway,
} from '../../testing/gateway.ts'
import { createTestAuthority } from '../../proxy/balance/testing-tls.ts'
import { getOver, shake, shownTo } from '../testing/client.ts'
import { createAcme } from './acme.ts'

test('where port 80 is closed a name is proved over TLS, and nobody else sees it', async () => {
  const pair = createTestAuthority().leaf('other.test')
  await using gateway = await openGateway({ config: aConfig(), tls: {} })
  const tlsPort = gateway.tlsPort
  await using server = await openAcmeServer({ httpPort: await freePort(), tlsPort })
  const asked = aPlugin('acme', {
    ...{ account_email: 'ops@a.test', api_uri: server.directoryUrl, tos_accepted: true },
    ...{ domains: ['shop.test'], cert_type: 'ecc', rsa_key_size: 4096 },
    // The other way is tried at once.
    ...{ renew_threshold_days: 14, fail_backoff_minutes: 0 },
  })
  const answers = aPlugin('request-termination', { status_code: 200, message: 'here', echo: false })
  const config = aConfig({
    ...{ routes: [aRoute('r', null)], plugins: [asked, answers] },
    certificates: [{ id: 'c', tags: [], cert_alt: null, key_alt: null, ...pair }],
    snis: [{ id: 'c', tags: [], name: '*', certificate: 'c' }],
  })
  const documents = [documentOf(config)]
  await gateway.apply(documents)
  const whileProving: string[] = []
  let revision = 2
  const acme = createAcme({
    ...{ clock, log: { info: () => {}, warn: () => {} } },
    openKeeping: async () => ({
      load: async () => [],
      save: async () => {},
      loadTries: async () => [],
      saveTry: async () => {},
      accountKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    }),
    apply: async () => {
      revision += 1
      const state = acme.state()
      await gateway.proxy.apply({ revision, services: {}, documents, edges: [], acme: state })
      if (Object.keys(state.proofs ?? {}).length === 0) return
      whileProving.push(await shownTo(tlsPort, { servername: 'shop.test' }))
      const other = await shake(tlsPort, { servername: 'shop.test', ALPNProtocols: ['http/1.1'] })
      whileProving.push(await getOver(other))
    },
  })
  await using _stopping = { [Symbol.asyncDispose]: () => acme.stop() }
  await acme.want(documents)
  await until('it is shown', async () => {
    const socket = await shake(tlsPort, { servername: 'shop.test' })
    const { issuer } = socket.getPeerCertificate()
    socket.destroy()
    return issuer.CN === 'Test ACME CA'
  })
  assert.deepEqual(server.challenges, ['http-01 shop.test', 'tls-alpn-01 shop.test'])
  assert.equal(whileProving[0], 'other.test')
  assert.match(whileProving[1] ?? '', /here/)
  await assert.rejects(shake(tlsPort, { servername: 'shop.test', ALPNProtocols: ['acme-tls/1'] }))
})
