import { readFileSync } from 'node:fs'
import { composeDocument } from '../../packages/server/src/gateway/config/compose-document.ts'
import { readGatewayConfig } from '../../packages/server/src/gateway/config/read.ts'
import { plugins } from '../../packages/server/src/gateway/plugins/index.ts'
import { createProxy } from '../../packages/server/src/gateway/proxy/index.ts'
import type { GatewayDocument } from '../../packages/server/src/gateway/snapshot.ts'
import { systemClock } from '../../packages/server/src/kernel/clock.ts'
import { newId } from '../../packages/server/src/kernel/ids.ts'

/**
 * The gateway's data plane alone: one route to one instance, or the Kong file at KONG_FILE; over TLS
 * where CERT_FILE and KEY_FILE say what it shows.
 */
const { PORT, CERT_FILE, KEY_FILE } = process.env
const tlsAt = (certFile: string, keyFile: string) => {
  const [cert, key] = [readFileSync(certFile, 'utf8'), readFileSync(keyFile, 'utf8')]
  const authority = { certificate: cert, leafFor: async () => ({ cert, key }) }
  return { publicTls: { port: Number(PORT), authority, mayWait: false } }
}
const proxy = createProxy({
  log: { info: () => {}, warn: () => {}, error: () => {} },
  clock: systemClock,
  newId,
  publicHost: '127.0.0.1',
  publicPort: CERT_FILE === undefined ? Number(PORT) : 0,
  ...(CERT_FILE === undefined || KEY_FILE === undefined ? {} : tlsAt(CERT_FILE, KEY_FILE)),
  platform: { host: '127.0.0.1', port: 1 },
})
const port = Number(process.env['ORIGIN_PORT'])
const instance = {
  ...{ instance: 'origin-1', host: '127.0.0.1', port, ports: {} },
  ...{ healthy: true, draining: false },
}

const documentOf = (file: string | undefined): GatewayDocument => {
  if (file === undefined) {
    const route = { path: '/', stripPath: false, timeoutMs: 30_000 }
    return composeDocument('bench', [{ name: 'origin', routes: [route] }])
  }
  const text = readFileSync(file, 'utf8')
  const { config, faults } = readGatewayConfig({ text, file }, { environment: {}, plugins })
  const [fault] = faults
  if (fault !== undefined) throw new Error(`${file}:${fault.line}: ${fault.message}`)
  return { manager: 'file', stack: null, style: 'kong', config }
}

await proxy.apply({
  revision: 1,
  services: { 'bench/origin': { id: 'bench/origin', endpoints: [instance] } },
  documents: [documentOf(process.env['KONG_FILE'])],
  edges: [],
})
await proxy.start()
process.once('SIGTERM', () => void proxy.close(0))
