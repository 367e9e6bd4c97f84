import { changeLine, changeText, changeYaml, type Healthy } from '../healthy.ts'
import { operator, type Mutant } from '../mutant.ts'
import { hasOnePort, isStore } from '../services.ts'
import type { Place } from '../../place.ts'

/** Files of one kind of configuration that the stack really reads. */
const filesOf = (places: readonly (Place & { by?: string | undefined })[]): string[] => [
  ...new Set(places.flatMap(({ file, by }) => (by === undefined ? [] : [file]))),
]

function* changed(
  healthy: Healthy,
  files: readonly string[],
  rewrite: (text: string) => string,
): Generator<Mutant> {
  for (const file of files) {
    const changes = changeText(healthy, file, rewrite)
    if (changes !== undefined) yield { about: file, changes }
  }
}

/** Another name under the same first word, as a metric has after it was renamed. */
const absent = (metric: string): string => metric.replace('_', '_once_called_')

/** Made by code of the stack, under a first word that no library uses. */
const isOwn = ({ system }: Healthy, metric: string): boolean =>
  !/:|^(?:up$|https?_|process_|node_|go_|redis_|pg_|nginx_|prometheus_|alertmanager_)/.test(
    metric,
  ) &&
  [...system.services.values()].some(({ sources }) =>
    sources.some(({ metrics }) =>
      metrics.some(({ name }) => name.split('_')[0] === metric.split('_')[0]),
    ),
  )

const scrapesOf = ({ system }: Healthy) =>
  system.scrapes.filter(({ by, isDiscovered }) => by !== undefined && !isDiscovered)

export const observabilityOperators = [
  ...(['host', 'port'] as const).map((part) =>
    operator({
      rule: 'observability/dead-target',
      breaks: `a scrape target has a ${part} that there is not`,
      also: ['observability/not-scraped', 'observability/absent-metric', 'missing/unused-service'],
      *mutants(healthy) {
        for (const { targets, job } of scrapesOf(healthy)) {
          for (const target of targets) {
            const { host = '', port = 0 } = target
            const service = healthy.system.services.get(host)
            if (part === 'port' && (service === undefined || !hasOnePort(service))) continue
            const changes = changeLine(healthy, target, (line) =>
              part === 'host'
                ? line.replace(`${host}:${port}`, `${host}-old:${port}`)
                : line.replace(`${host}:${port}`, `${host}:39`),
            )
            if (changes !== undefined) yield { about: `${job}: ${host}:${port}`, changes }
          }
        }
      },
    }),
  ),
  operator({
    rule: 'observability/not-scraped',
    breaks: 'a service is taken out of the scrape config',
    also: ['observability/absent-metric', 'missing/unused-service'],
    *mutants(healthy) {
      for (const { targets, file } of scrapesOf(healthy)) {
        for (const { host = '', port = 0 } of targets) {
          const service = healthy.system.services.get(host)
          if (service === undefined || !service.sources.some(({ metrics }) => metrics.length > 0))
            continue
          const changes = changeYaml(healthy, file, (document) => {
            const address = `${host}:${port}`
            let isFound = false
            const configs: unknown = document.toJS()['scrape_configs']
            for (const [at, config] of (
              configs as { static_configs?: { targets?: string[] }[] }[]
            ).entries()) {
              for (const [group, { targets: list = [] }] of (
                config.static_configs ?? []
              ).entries()) {
                const index = list.indexOf(address)
                if (index === -1) continue
                isFound = true
                document.deleteIn(['scrape_configs', at, 'static_configs', group, 'targets', index])
              }
            }
            return isFound
          })
          if (changes !== undefined) yield { about: host, service: host, changes }
        }
      }
    },
  }),
  operator({
    rule: 'observability/absent-metric',
    breaks: 'an alert asks for a metric that nothing makes',
    *mutants(healthy) {
      for (const rule of healthy.system.alerting.rules) {
        const [metric] = rule.metrics
        if (metric === undefined || rule.by === undefined || !isOwn(healthy, metric)) continue
        const changes = changeText(healthy, rule.file, (text) =>
          text.replaceAll(new RegExp(`\\b${metric}\\b`, 'g'), absent(metric)),
        )
        if (changes !== undefined) yield { about: `${rule.name}: ${metric}`, changes }
      }
    },
  }),
  operator({
    rule: 'observability/absent-metric',
    breaks: 'a dashboard asks for a metric that nothing makes',
    *mutants(healthy) {
      for (const { metrics, title } of healthy.system.dashboards) {
        for (const { name, file } of metrics) {
          const changes = changeText(healthy, file, (text) =>
            text.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), absent(name)),
          )
          if (changes !== undefined && isOwn(healthy, name)) {
            yield { about: `${title}: ${name}`, changes }
          }
        }
      }
    },
  }),
  operator({
    rule: 'observability/unparsable-rule',
    breaks: 'an expression of an alert cannot be parsed',
    *mutants(healthy) {
      const rules = healthy.system.alerting.rules.filter(({ by }) => by !== undefined)
      for (const file of filesOf(rules)) {
        const count = healthy.text(file).match(/expr: [^|>\n]+$/gm)?.length ?? 0
        for (let index = 0; index < Math.min(count, 2); index += 1) {
          let at = -1
          const changes = changeText(healthy, file, (text) =>
            text.replaceAll(/(expr: )([^|>\n]+)$/gm, (whole, key: string, value: string) => {
              at += 1
              return at === index ? `${key}"sum by (job ${value.replaceAll(/["']/g, '')}"` : whole
            }),
          )
          if (changes !== undefined) yield { about: `${file}: ${index + 1}`, changes }
        }
      }
    },
  }),
  operator({
    rule: 'observability/rule-files',
    breaks: 'rule_files names files that are not mounted',
    also: ['observability/alerts-to-nobody'],
    *mutants(healthy) {
      for (const { file, line, pattern, by } of healthy.system.ruleFiles) {
        if (by === undefined) continue
        const changes = changeLine(healthy, { file, line }, (text) =>
          text.replace(pattern, `/etc/absent/${pattern.split('/').at(-1) ?? ''}`),
        )
        if (changes !== undefined) yield { about: pattern, changes }
      }
    },
  }),
  operator({
    rule: 'observability/alerts-to-nobody',
    breaks: 'Prometheus is told of no Alertmanager',
    also: ['missing/unused-service'],
    *mutants(healthy) {
      for (const file of filesOf(healthy.system.alerting.managers)) {
        const changes = changeYaml(healthy, file, (document) => document.delete('alerting'))
        if (changes !== undefined) yield { about: file, changes }
      }
    },
  }),
  operator({
    rule: 'observability/undefined-receiver',
    breaks: 'a route names a receiver that is not defined',
    *mutants(healthy) {
      for (const route of healthy.system.alerting.routed) {
        if (route.by === undefined) continue
        const changes = changeLine(healthy, route, (line) =>
          line.replace(route.receiver, `${route.receiver}-night`),
        )
        if (changes !== undefined) yield { about: route.receiver, changes }
      }
    },
  }),
  operator({
    rule: 'observability/silent-receiver',
    breaks: 'a receiver tells nobody',
    *mutants(healthy) {
      for (const receiver of healthy.system.alerting.receivers) {
        if (!receiver.isUsed || receiver.by === undefined) continue
        const changes = changeYaml(healthy, receiver.file, (document) => {
          const list = document.toJS()['receivers'] as { name: string }[]
          const index = list.findIndex(({ name }) => name === receiver.name)
          if (index === -1) return false
          document.setIn(['receivers', index], document.createNode({ name: receiver.name }))
          return true
        })
        if (changes !== undefined) yield { about: receiver.name, changes }
      }
    },
  }),
  operator({
    rule: 'observability/collector-pipelines',
    breaks: 'a pipeline of the collector loses an exporter',
    *mutants(healthy) {
      yield* changed(
        healthy,
        filesOf(healthy.system.collectors.filter(({ kind }) => kind === 'otel')),
        (text) =>
          text.replace(
            /^(exporters:)$/m,
            '$1\n  otlphttp/spare:\n    endpoint: http://127.0.0.1:4318',
          ),
      )
    },
  }),
  operator({
    rule: 'observability/missing-exporter',
    breaks: 'the exporter of a store is gone',
    *mutants(healthy) {
      for (const exporter of healthy.system.services.values()) {
        if (exporter.image?.known?.kind !== 'exporter') continue
        const store = [...healthy.system.services.values()].find(
          (service) =>
            isStore(service) &&
            (service.image?.known?.exporter?.image ?? '').split(':')[0] === exporter.image?.name,
        )
        if (store === undefined) continue
        const changes = changeYaml(healthy, exporter.at.file, (document) =>
          document.deleteIn(['services', exporter.name]),
        )
        if (changes !== undefined) yield { about: store.name, service: store.name, changes }
      }
    },
    also: [
      'observability/dead-target',
      'observability/absent-metric',
      'network/unknown-host',
      'network/unused',
      'claims/service-count',
      'claims/unknown-service',
      'claims/wrong-port',
      'missing/unknown-service',
      'missing/unused-service',
    ],
  }),
]
