import { posix } from 'node:path'
import type { Lookup } from './address.ts'
import { isTemplated } from './address.ts'
import { readAlertmanager, readSmarthosts } from './alertmanager.ts'
import { readAlloy } from './alloy.ts'
import { readCaddyfile } from './caddyfile.ts'
import { readConfig, type ConfigNode } from './config-node.ts'
import { isFluentConfig, readFluentConfig } from './fluentd.ts'
import { readGrafanaDashboard } from './grafana-dashboard.ts'
import { readGrafanaDatasources } from './grafana-datasources.ts'
import { readKong } from './kong.ts'
import { isNginxConfig, readNginx } from './nginx.ts'
import { readOtel } from './otel.ts'
import { readPrometheusConfig } from './prometheus-config.ts'
import { readPrometheusRules } from './prometheus-rules.ts'
import { readPromtail } from './promtail.ts'
import type { FileFacts, Reader } from './reader.ts'

/** The programs that read each kind of file, by the names of images, services and folders. */
const programs = {
  prometheus:
    /prom(?:etheus)?(?![a-z]*(?:tail|scale))|victoria|vmagent|vmalert|vmsingle|mimir|thanos|cortex/i,
  alertmanager: /alert-?manager/i,
  otel: /otel|opentelemetry|collector|jaeger|alloy|tempo|signoz/i,
  promtail: /promtail/i,
  kong: /kong/i,
  grafana: /grafana/i,
  nginx: /nginx|openresty|proxy|gateway|web|lb|balancer|swag/i,
  caddy: /caddy|frankenphp/i,
  alloy: /alloy|grafana-agent|grafana\/agent/i,
  fluentd: /fluent|td-agent/i,
} as const

/** A kind of YAML file, told by its top-level keys. */
type YamlKind = {
  program: RegExp
  is: (root: ConfigNode) => boolean
  read: (root: ConfigNode, lookup: Lookup) => FileFacts
}

const yamlKinds: readonly YamlKind[] = [
  {
    program: programs.promtail,
    is: (root) => root.get('clients') !== undefined && root.get('scrape_configs') !== undefined,
    read: (root, lookup) => ({ collectors: [readPromtail(root, lookup)] }),
  },
  {
    program: programs.prometheus,
    is: (root) =>
      ['scrape_configs', 'rule_files', 'alerting'].some((key) => root.get(key) !== undefined) &&
      root.get('apiVersion') === undefined,
    read: (root) => readPrometheusConfig(root),
  },
  {
    program: programs.prometheus,
    is: (root) =>
      root.get('apiVersion') === undefined &&
      (root.get('groups')?.items() ?? []).some((group) => group.get('rules') !== undefined),
    read: (root) => ({ alerting: readPrometheusRules(root) }),
  },
  {
    program: programs.alertmanager,
    is: (root) =>
      (root.get('receivers')?.items() ?? []).length > 0 && root.get('apiVersion') === undefined,
    read: (root) => ({ alerting: readAlertmanager(root), contacts: readSmarthosts(root) }),
  },
  {
    program: programs.otel,
    is: (root) => root.get('service', 'pipelines') !== undefined,
    read: readOtel,
  },
  {
    program: programs.kong,
    is: (root) => root.get('_format_version') !== undefined,
    read: (root) => ({ routes: readKong(root) }),
  },
  {
    program: programs.grafana,
    is: (root) => (root.get('datasources')?.items() ?? []).length > 0,
    read: (root, lookup) => ({ contacts: readGrafanaDatasources(root, lookup) }),
  },
]

const nothingKnown: Lookup = () => undefined

const topLevelKey =
  /^(scrape_configs|rule_files|alerting|groups|receivers|service|_format_version|datasources)["']?[ \t]*:/gm

/** Keys that other files have as well, and what is in those that are meant. */
const companions: Readonly<Record<string, string>> = {
  ...{ alerting: 'alertmanagers', groups: 'expr', receivers: 'receiver', service: 'pipelines' },
}

/** A look at the text, as parsing every YAML file of a repository takes seconds. */
const isWorthParsing = (text: string): boolean => {
  for (const [, key = ''] of text.matchAll(topLevelKey)) {
    if (text.includes(companions[key] ?? key)) return true
  }
  return false
}

const yaml: Reader = {
  name: 'operations yaml',
  wants: (path) => /\.(?:ya?ml|rules)$/i.test(path),
  read: (file, text) => {
    if (!isWorthParsing(text)) return undefined
    const [root] = readConfig(file, text)
    const kind = root === undefined ? undefined : yamlKinds.find(({ is }) => is(root))
    if (root === undefined || kind === undefined) return undefined
    const read = (lookup: Lookup) => kind.read(root, lookup)
    return templated(text, kind.program, read)
  },
}

/** Facts with nothing known of the environment, and a way to the facts with it. */
const templated = (
  text: string,
  program: RegExp,
  read: (lookup: Lookup) => FileFacts,
): FileFacts => ({
  ...read(nothingKnown),
  program,
  ...(isTemplated(text) ? { withEnvironment: read } : {}),
})

const textLengthMax = 512 * 1024

const servers: Reader = {
  name: 'nginx',
  wants: (path) =>
    /(?:\.conf|\.nginx|\.conf\.(?:template|tmpl|tpl|j2|erb|in)|(?:^|\/)nginx[\w.-]*)$/i.test(
      path,
    ) || /(?:^|\/)(?:sites-(?:available|enabled)|conf\.d)\/[\w.-]+$/.test(path),
  read: (file, text) => {
    if (text.length > textLengthMax) return undefined
    if (isFluentConfig(text)) {
      const read = (lookup: Lookup) => ({ collectors: [readFluentConfig(file, text, lookup)] })
      return templated(text, programs.fluentd, read)
    }
    if (!isNginxConfig(text) || /\{%|\{\{/.test(text)) return undefined
    return templated(text, programs.nginx, (lookup) => readNginx(file, text, lookup))
  },
}

const caddy: Reader = {
  name: 'caddy',
  wants: (path) => /(?:^|\/|\.)caddyfile(?:\.[\w-]+)?$/i.test(path),
  read: (file, text) =>
    text.length > textLengthMax
      ? undefined
      : templated(text, programs.caddy, (lookup) => readCaddyfile(file, text, lookup)),
}

const alloy: Reader = {
  name: 'alloy',
  wants: (path) => /\.(?:alloy|river)$/.test(path),
  read: (file, text) =>
    text.length > textLengthMax ? undefined : { ...readAlloy(file, text), program: programs.alloy },
}

/** Folders that hold dashboards; other JSON is not opened. */
const dashboardFolder = /grafana|dashboard|monitor|observ|metric|telemetry|provision/i

const dashboards: Reader = {
  name: 'grafana dashboards',
  wants: (path) =>
    path.endsWith('.json') &&
    dashboardFolder.test(path) &&
    !/^(?:package|tsconfig)/.test(posix.basename(path)),
  read: (file, text) => {
    if (!text.includes('"panels"') && !text.includes('"rows"')) return undefined
    const dashboard = readGrafanaDashboard(file, text)
    return dashboard === undefined
      ? undefined
      : { dashboards: [dashboard], program: programs.grafana }
  },
}

/** Configuration files of gateways, of monitoring and of what ships logs and traces. */
export const operationsReaders: readonly Reader[] = [yaml, servers, caddy, alloy, dashboards]
