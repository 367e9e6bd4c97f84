import { factAt } from '../../place.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { exporterFamilies } from './exporter-families.ts'
import { isPushedTo, scrapedOf } from './scraping.ts'

/** A Prometheus is there, and the database beside it is not watched. */
export const missingExporter: Rule = {
  id: 'observability/missing-exporter',
  title: 'Nothing measures the database',
  severity: 'info',
  why: `Most slow pages are slow in the database. Connections that run out, replication that lags and
memory that is evicted show only in the store's own figures.`,
  joins: ['databases, caches and brokers of the stack', 'exporters and scrape targets'],
  fix: 'Put the exporter beside it and scrape it.',
  *find(system) {
    const { services, isComplete, job } = scrapedOf(system)
    if (job === undefined || !isComplete || isPushedTo(system)) return
    for (const service of system.services.values()) {
      const { image, name } = service
      const known = image?.known
      if (known?.exporter === undefined || image === undefined || services.has(name)) continue
      if (hasExporter(system, service)) continue
      const { image: exporter, port } = known.exporter
      yield {
        service: name,
        message: `${name} has no exporter, and ${job.scraper.name} does not watch it`,
        evidence: [
          factAt(image.at, `${image.name} has no metrics of its own that are scraped`),
          factAt(job.scrape, `no target of ${job.scraper.name} is an exporter of ${name}`),
        ],
        fix: `Add ${exporter} (port ${port}) and scrape it`,
        subject: 'exporter',
      }
    }
  },
  examples: [
    {
      title: 'a database beside a Prometheus',
      files: {
        'compose.yaml': `services:
  db:
    image: postgres:17
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
`,
        'prometheus.yml': `scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ["localhost:9090"] }]
`,
      },
      finds: [{ service: 'db', says: 'has no exporter' }],
    },
    {
      title: 'the exporter is there',
      files: {
        'compose.yaml': `services:
  db:
    image: postgres:17
  db-exporter:
    image: quay.io/prometheuscommunity/postgres-exporter:v0.17.1
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
`,
        'prometheus.yml': `scrape_configs:
  - job_name: db
    static_configs: [{ targets: ["db-exporter:9187"] }]
`,
      },
      finds: [],
    },
    {
      title: 'no Prometheus at all',
      files: { 'compose.yaml': 'services:\n  db:\n    image: postgres:17\n' },
      finds: [],
    },
  ],
}

const hasExporter = ({ services, collectors }: System, { image }: ServiceEvidence): boolean => {
  const exporter = image?.known?.exporter?.image ?? ''
  const own = /([\w-]+)$/.exec(exporter)?.[1] ?? exporter
  const family = exporterFamilies.find(
    ({ add, makers }) => add.includes(own) || makers.test(exporter),
  )
  return (
    [...services.values()].some(
      ({ name, image: other }) =>
        other?.name.endsWith(own) === true ||
        family?.makers.test(name) === true ||
        family?.makers.test(other?.name ?? '') === true,
    ) ||
    (family?.receivers !== undefined &&
      collectors.some(({ receives }) => receives.some(({ name }) => family.receivers?.test(name))))
  )
}
