import type { Place } from '../place.ts'
import type { ScrapeEvidence } from '../systems/system.ts'
import { readAddress } from './address.ts'
import type { ConfigNode } from './config-node.ts'
import type { FileFacts } from './reader.ts'

/** `prometheus.yml`: what is scraped, which rule files are read, where alerts are sent. */
export const readPrometheusConfig = (root: ConfigNode): FileFacts => ({
  scrapes: readScrapes(root, 'prometheus'),
  ruleFiles: (root.get('rule_files')?.items() ?? []).flatMap((item) => {
    const pattern = item.text()
    return pattern === undefined ? [] : [{ ...item.at, pattern, by: undefined }]
  }),
  alerting: { managers: readManagers(root) },
  ...remoteWrites(root),
})

export const readScrapes = (
  root: ConfigNode,
  kind: ScrapeEvidence['kind'],
): readonly ScrapeEvidence[] =>
  (root.get('scrape_configs')?.items() ?? []).map((job): ScrapeEvidence => {
    const scheme = job.get('scheme')?.text()
    return {
      ...job.at,
      kind,
      job: job.get('job_name')?.text() ?? '',
      path: job.get('metrics_path')?.text() ?? '/metrics',
      scheme,
      targets: [...readTargets(job, scheme), ...readNames(job)],
      isDiscovered: isDiscovered(job),
      by: undefined,
    }
  })

const readTargets = (parent: ConfigNode, scheme: string | undefined): ScrapeEvidence['targets'] =>
  (parent.get('static_configs')?.items() ?? [])
    .flatMap((group) => group.get('targets')?.items() ?? [])
    .map((target) => ({ ...target.at, ...addressOf(target, scheme) }))

const addressOf = (target: ConfigNode, scheme: string | undefined) => {
  const address = readAddress(target.text() ?? '')
  // Without a port it is the scheme's (prometheus/prometheus, `scrape/target.go`).
  const usual = (address?.scheme ?? scheme) === 'https' ? 443 : 80
  const port = address?.port ?? (hasPort(target.text() ?? '') ? undefined : usual)
  return { host: address?.host, port }
}

const hasPort = (text: string): boolean => /:[^/]*$/.test(text.replace(/^\w+:\/\//, ''))

/** `dns_sd_configs` by address: the name of a service, and all of its instances behind it. */
const readNames = (job: ConfigNode): ScrapeEvidence['targets'] =>
  (job.get('dns_sd_configs')?.items() ?? []).filter(isByAddress).flatMap((config) => {
    const port = Number(config.get('port')?.text())
    return (config.get('names')?.items() ?? []).map((name) => ({
      ...name.at,
      // Docker answers `tasks.<service>` in a swarm with the same addresses.
      host: name.text()?.replace(/^tasks\./, ''),
      port: Number.isInteger(port) ? port : undefined,
    }))
  })

const isByAddress = (config: ConfigNode): boolean =>
  ['A', 'AAAA'].includes(config.get('type')?.text() ?? 'SRV')

/** Service discovery that is not by name, and labels that put another address in the place of a target's. */
const isDiscovered = (job: ConfigNode): boolean =>
  job
    .entries()
    .some(
      ({ key }) =>
        (key.endsWith('_sd_configs') && key !== 'dns_sd_configs') || key === 'scrape_config_files',
    ) ||
  (job.get('dns_sd_configs')?.items() ?? []).some((config) => !isByAddress(config)) ||
  (job.get('relabel_configs')?.items() ?? []).some((rule) =>
    ['__address__', '__param_target'].includes(rule.get('target_label')?.text() ?? ''),
  )

const readManagers = (root: ConfigNode) =>
  (root.get('alerting', 'alertmanagers')?.items() ?? []).flatMap(
    (manager): (Place & { host: string | undefined; port: number | undefined })[] => {
      const targets = readTargets(manager, manager.get('scheme')?.text())
      if (targets.length > 0) return [...targets]
      const isElsewhere = manager.entries().some(({ key }) => key.endsWith('_sd_configs'))
      return isElsewhere ? [{ ...manager.at, host: undefined, port: undefined }] : []
    },
  )

const remoteWrites = (root: ConfigNode): Pick<FileFacts, 'contacts'> => ({
  contacts: ['remote_write', 'remote_read'].flatMap((key) =>
    (root.get(key)?.items() ?? []).flatMap((one) => {
      const url = one.get('url')
      const address = readAddress(url?.text() ?? '')
      if (url === undefined || address?.host === undefined) return []
      const { host } = address
      return [{ ...url.at, ...address, host, variable: undefined, what: key, by: undefined }]
    }),
  ),
})
