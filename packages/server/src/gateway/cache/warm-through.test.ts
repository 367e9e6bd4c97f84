import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../kernel/clock.ts'
import { openGateway } from '../testing/gateway.ts'
import { openLocalAuthority } from '../tls/local-authority.ts'
import { warmCaches, warmUrls } from './node-caches.ts'

const config = `_format_version: "3.0"
routes: [{ name: secure, paths: [/], protocols: [https], snis: [shop.test] }]
plugins: [{ name: request-termination, config: { status_code: 200 } }]`

void test('what clients ask for with https is asked for with TLS and its name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-warm-'))
  try {
    const authority = await openLocalAuthority(folder, systemClock)
    await using gateway = await openGateway({ config, tls: { authority } })
    const { proxy, port, tlsPort } = gateway
    const urls = [
      ...warmUrls('shop.test', ['/a'], { http: port, https: tlsPort }),
      ...warmUrls(`shop.test:${tlsPort}`, ['/a', 'https://shop.test/b'], {
        ...{ http: port, https: tlsPort },
      }),
    ]
    assert.deepEqual(urls, [
      `http://shop.test:${port}/a`,
      `https://shop.test:${tlsPort}/a`,
      'https://shop.test/b',
    ])
    const warmed = await proxy.throughOwnDoors((doors) => warmCaches(doors, urls))
    assert.deepEqual(warmed, {
      ...{ stored: 2, failed: 1 },
      failures: [{ url: urls[0], reason: 'answered 426' }],
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})
