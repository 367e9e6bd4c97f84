import type { CollectorEvidence } from '../systems/system.ts'
import { fillIn, readAddress, type Lookup } from './address.ts'
import type { ConfigNode } from './config-node.ts'

/** Promtail: it reads logs where it runs and pushes them to `clients`. */
export const readPromtail = (root: ConfigNode, lookup: Lookup): CollectorEvidence => {
  const port = Number(root.get('server', 'http_listen_port')?.text() ?? Number.NaN)
  const clients = root.get('clients')?.items() ?? []
  return {
    ...root.at,
    kind: 'promtail',
    receives: Number.isInteger(port) && port > 0 ? [{ ...root.at, name: 'server', port }] : [],
    exports: clients.flatMap((client) => {
      const url = client.get('url')
      if (url === undefined) return []
      const address = readAddress(fillIn(url.text() ?? '', lookup))
      const { host, port: to } = address ?? {}
      return [{ ...url.at, name: 'clients', host, port: to, isUsed: true }]
    }),
    by: undefined,
  }
}
