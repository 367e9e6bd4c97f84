import { createProxy } from '../../packages/server/src/gateway/proxy/index.ts'
import { systemClock } from '../../packages/server/src/kernel/clock.ts'
import { newId } from '../../packages/server/src/kernel/ids.ts'

/** The gateway's data plane alone, one route to one instance: what the benchmark measures. */
const proxy = createProxy({
  log: { info: () => {}, warn: () => {}, error: () => {} },
  clock: systemClock,
  newId,
  publicHost: '127.0.0.1',
  publicPort: Number(process.env['PORT']),
  platform: { host: '127.0.0.1', port: 1 },
})
const port = Number(process.env['ORIGIN_PORT'])
const instance = {
  ...{ instance: 'origin-1', host: '127.0.0.1', port, ports: {} },
  ...{ healthy: true, draining: false },
}
await proxy.start()
await proxy.apply({
  revision: 1,
  services: { 'bench/origin': { id: 'bench/origin', endpoints: [instance] } },
  routes: [{ id: 'all', service: 'bench/origin', path: '/', stripPath: false, timeoutMs: 30_000 }],
  edges: [],
})
process.once('SIGTERM', () => void proxy.close(0))
