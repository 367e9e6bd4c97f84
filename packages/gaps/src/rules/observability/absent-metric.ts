import { factAt, type Place } from '../../place.ts'
import type { System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'
import { exporterFamilies, type ExporterFamily } from './exporter-families.ts'
import { unknownOwnMetrics } from './own-metrics.ts'
import { isPushedTo, scrapedOf } from './scraping.ts'

/** A rule or a dashboard asks for metrics of an exporter that is not there, or of code that is not. */
export const absentMetric: Rule = {
  id: 'observability/absent-metric',
  title: 'Metrics that nothing makes',
  severity: 'warning',
  why: `An alert on a metric that does not exist never fires, and looks like peace. Rules and dashboards
are copied with their exporter's manual, and the exporter is forgotten.`,
  joins: [
    'metrics in rules and dashboards',
    'exporters in the stack and in the scrape targets',
    'metrics that code defines',
  ],
  fix: 'Add the exporter and its scrape job, or delete the rule.',
  *find(system) {
    const { isComplete, job } = scrapedOf(system)
    if (job === undefined || isPushedTo(system)) return
    yield* unknownOwnMetrics(system)
    if (!isComplete) return
    for (const family of exporterFamilies) {
      if (hasMaker(system, family)) continue
      const shown = factAt(job.scrape, `no target of ${job.scraper.name} is ${family.name}`)
      for (const { name, metrics, by, file, line, column } of system.alerting.rules) {
        const metric =
          by === undefined ? undefined : metrics.find((one) => family.metrics.test(one))
        if (metric === undefined || isCounted(system, metric)) continue
        const at = { file, line, column }
        yield report({ what: `The rule ${name}`, metric, at, family, shown, more: 0 })
      }
      for (const { title, metrics, by } of system.dashboards) {
        const asked = by === undefined ? [] : metrics.filter((one) => family.metrics.test(one.name))
        const [first, ...rest] = asked.filter(({ name }) => !isCounted(system, name))
        if (first === undefined) continue
        const { file, line, column } = first
        const at = { file, line, column }
        const what = `The dashboard ${title}`
        const found = { what, metric: first.name, at, family, shown, more: rest.length }
        yield { ...report(found), severity: 'info' }
      }
    }
  },
  examples: [
    {
      title: 'the code calls it otherwise',
      files: {
        'compose.yaml': `services:
  api: { build: . }
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus:/etc/prometheus"]
`,
        Dockerfile: 'FROM node:22\nCOPY main.js .\nCMD ["node", "main.js"]\n',
        'main.js': `const { Counter, Histogram } = require('prom-client')
new Counter({ name: 'shop_orders_total', help: 'orders' })
new Histogram({ name: 'shop_payment_seconds', help: 'how long' })
`,
        'prometheus/prometheus.yml': `rule_files: [shop.rules]
scrape_configs:
  - job_name: api
    static_configs: [{ targets: ["api:3000"] }]
`,
        'prometheus/shop.rules': `groups:
  - name: shop
    rules:
      - alert: FewOrders
        expr: rate(shop_orders_created_total[5m]) < 1
      - alert: SlowPayments
        expr: histogram_quantile(0.95, rate(shop_payment_seconds_bucket[5m])) > 2
      - alert: SlowAnswers
        expr: rate(http_requests_total[5m]) > 100
`,
      },
      finds: [{ service: '-', says: 'shop_orders_created_total, which no code here makes' }],
    },
    {
      title: 'an alert on the host without a node exporter',
      files: {
        'compose.yaml': `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus:/etc/prometheus"]
`,
        'prometheus/prometheus.yml': `rule_files: [host.rules]
scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ["localhost:9090"] }]
`,
        'prometheus/host.rules': `groups:
  - name: host
    rules:
      - alert: HighLoad
        expr: node_load1 > 4
`,
      },
      finds: [{ service: '-', says: 'HighLoad asks for node_load1' }],
    },
    {
      title: 'the exporter is there',
      files: {
        'compose.yaml': `services:
  node-exporter:
    image: prom/node-exporter:v1.9.1
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus:/etc/prometheus"]
`,
        'prometheus/prometheus.yml': `rule_files: [host.rules]
scrape_configs:
  - job_name: node
    static_configs: [{ targets: ["node-exporter:9100"] }]
`,
        'prometheus/host.rules': `groups:
  - name: host
    rules:
      - alert: HighLoad
        expr: node_load1 > 4
`,
      },
      finds: [],
    },
    {
      title: 'an exporter on another machine, and a metric of nobody knows whom',
      files: {
        'compose.yaml': `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus:/etc/prometheus"]
`,
        'prometheus/prometheus.yml': `rule_files: [host.rules]
scrape_configs:
  - job_name: node
    static_configs: [{ targets: ["web-1.example.com:9100"] }]
`,
        'prometheus/host.rules': `groups:
  - name: host
    rules:
      - alert: HighLoad
        expr: node_load1 > 4 or checkout_failures_total > 0
`,
      },
      finds: [],
    },
  ],
}

const hasMaker = (system: System, { makers, receivers }: ExporterFamily): boolean =>
  [...system.services.values()].some(
    ({ name, image, model }) =>
      makers.test(name) || makers.test(image?.name ?? '') || makers.test(model.image ?? ''),
  ) ||
  (receivers !== undefined &&
    system.collectors.some(({ receives }) => receives.some(({ name }) => receivers.test(name))))

/** Does code of the stack, or a recording rule, make a metric of this name? */
const isCounted = (system: System, metric: string): boolean =>
  system.alerting.rules.some(({ kind, name }) => kind === 'record' && name === metric) ||
  [...[...system.services.values()].flatMap(({ sources }) => sources), ...system.sources].some(
    ({ metrics }) => metrics.some(({ name }) => metric.startsWith(name)),
  )

type Reported = {
  what: string
  metric: string
  at: Place
  family: ExporterFamily
  shown: Found['evidence'][number]
  more: number
}

const report = ({ what, metric, at, family, shown, more }: Reported): Found => ({
  message: `${what} asks for ${metric}${more > 0 ? ` and ${more} more` : ''}, which only ${family.name} makes, and there is none`,
  evidence: [factAt(at, metric), shown],
  fix: `Add ${family.add} and scrape it, or delete what asks for it`,
  subject: `${what} ${family.name}`,
})
