import { fillIn, readAddress, type Lookup } from './address.ts'
import type { ConfigNode } from './config-node.ts'
import type { ConfiguredContact } from '../systems/system.ts'

/** Grafana's provisioned data sources: the addresses that dashboards ask. */
export const readGrafanaDatasources = (
  root: ConfigNode,
  lookup: Lookup,
): readonly ConfiguredContact[] =>
  (root.get('datasources')?.items() ?? []).flatMap((source) => {
    const url = source.get('url')
    // In the browser's name, the address is one that the browser can reach.
    if (url === undefined || source.get('access')?.text() === 'direct') return []
    const address = readAddress(fillIn(url.text() ?? '', lookup))
    if (address?.host === undefined) return []
    const { host, scheme } = address
    const port = address.port ?? (scheme === 'https' ? 443 : scheme === 'http' ? 80 : undefined)
    const what = `data source ${source.get('name')?.text() ?? ''}`.trim()
    return [{ ...url.at, ...address, host, port, variable: undefined, what, by: undefined }]
  })
