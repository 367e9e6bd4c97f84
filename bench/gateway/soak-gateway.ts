import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { openGateway } from '../../packages/server/src/gateway/testing/gateway.ts'

/**
 * The gateway of the soak, in a process of its own: says its ports, and answers every line on its
 * input by what it holds once nothing is under way. Each answer goes with another configuration.
 */
const { STEADY_PORT, FAULTY_PORT, CLOSED_PORT, CERT_FILE = '', KEY_FILE = '' } = process.env

export type Held = Record<'heapMb' | 'outsideMb' | 'residentMb' | 'files' | 'resources', number>

const config = (edition: number): string =>
  JSON.stringify({
    _format_version: '3.0',
    consumers: [{ username: 'one', keyauth_credentials: [{ key: 'secret' }] }],
    upstreams: [
      {
        name: 'half-gone',
        targets: [{ target: `127.0.0.1:${CLOSED_PORT}` }, { target: `127.0.0.1:${FAULTY_PORT}` }],
        healthchecks: { passive: { unhealthy: { http_failures: 5, tcp_failures: 5 } } },
      },
    ],
    services: [
      {
        name: 'steady',
        url: `http://127.0.0.1:${STEADY_PORT}`,
        routes: [
          { name: 'api', paths: ['/api'] },
          { name: 'cached', paths: ['/cached'], plugins: [cache] },
          { name: `edition-${edition}`, paths: [`/edition-${edition}`] },
        ],
        plugins: [
          { name: 'key-auth', config: {} },
          { name: 'rate-limiting', config: limits },
          { name: 'request-transformer', config: { add: { headers: ['x-a:b'] } } },
          { name: 'response-transformer', config: { add: { headers: ['x-c:d'] } } },
        ],
      },
      { name: 'faulty', host: 'half-gone', routes: [{ name: 'faulty', paths: ['/faulty'] }] },
      {
        name: 'echo',
        url: `http://127.0.0.1:${FAULTY_PORT}`,
        routes: [{ name: 'tunnels', paths: ['/tunnels'] }],
      },
    ],
    plugins: [
      { name: 'correlation-id', config: {} },
      { name: 'prometheus', config: { status_code_metrics: true, latency_metrics: true } },
    ],
  })
const cache = { name: 'proxy-cache', config: { strategy: 'memory', cache_ttl: 30 } }
const limits = { minute: 100_000_000, limit_by: 'header', header_name: 'x-who' }

const [cert, key] = [readFileSync(CERT_FILE, 'utf8'), readFileSync(KEY_FILE, 'utf8')]
const authority = { certificate: cert, leafFor: async () => ({ cert, key }) }
const gateway = await openGateway({ config: config(0), tls: { authority } })

const settled = async (): Promise<void> => {
  while (Object.keys(gateway.proxy.inFlight()).length > 0) await soon()
  for (let round = 0; round < 4; round += 1) {
    await soon()
    globalThis.gc?.()
  }
}
const soon = () => new Promise((resolve) => setTimeout(resolve, 50))

const held = (): Held => {
  const { heapUsed, external, rss } = process.memoryUsage()
  return {
    heapMb: heapUsed / 2 ** 20,
    outsideMb: external / 2 ** 20,
    residentMb: rss / 2 ** 20,
    files: readdirSync('/proc/self/fd').length,
    resources: process.getActiveResourcesInfo().length,
  }
}

console.log(JSON.stringify({ port: gateway.port, tlsPort: gateway.tlsPort }))
let edition = 0
for await (const _line of createInterface({ input: process.stdin })) {
  edition += 1
  await gateway.apply(config(edition))
  await settled()
  console.log(JSON.stringify(held()))
}
process.exit(0)
