import type { Edit, Written } from '../../fix/edit.ts'
import { factAt, type Fact } from '../../place.ts'
import { hasOwnContext } from '../../systems/serving.ts'
import type { ScrapeEvidence, ServiceEvidence, System } from '../../systems/system.ts'
import type { Rule, Severity } from '../rule.ts'
import { isPushedTo, scrapedOf } from './scraping.ts'

/** A service has metrics, a Prometheus is there, and nobody asks for them. */
export const notScraped: Rule = {
  id: 'observability/not-scraped',
  title: 'Metrics that nobody scrapes',
  severity: 'warning',
  why: `The service pays for its metrics and nobody sees them: it is missing from dashboards and its
alerts never fire. It is the gap every new service is born with, as the scrape list is another file.`,
  joins: [
    'dependencies, code and known images that have metrics',
    'Prometheus and collector scrape targets',
  ],
  fix: 'Add a scrape job for the service.',
  fixable: 'always',
  *find(system) {
    const { services, isComplete, job } = scrapedOf(system)
    if (job === undefined || !isComplete) return
    for (const service of system.services.values()) {
      if (services.has(service.name)) continue
      const source = metricsOf(system, service)
      if (source === undefined) continue
      // Who watches the watchers is a choice; where some of them are, one was forgotten.
      const isLeft = isWatcher(service) && !watchesWatchers(system, services, job.scraper.name)
      if (source.severity === 'info' && isLeft) continue
      yield {
        service: service.name,
        severity: source.severity,
        message: `${service.name} has metrics, and ${job.scraper.name} does not scrape it`,
        evidence: [
          source.fact,
          factAt(job.scrape, `no target of ${job.scraper.name} is ${service.name}`),
          factAt(service.at, service.name),
        ],
        fix: `Add a scrape job with the target ${service.name}:${source.port ?? '<port of its metrics>'}`,
        subject: 'metrics',
        edits: addJob(job.scrape, service, source.port),
      }
    }
  },
  examples: [
    {
      title: 'a service with a Prometheus client that the scrape list lacks',
      files: {
        'compose.yaml': `services:
  api:
    build: ./api
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
`,
        'api/package.json': '{ "name": "api", "dependencies": { "prom-client": "15.1.3" } }',
        'api/Dockerfile': 'FROM node:24\nCOPY . .\n',
        'prometheus.yml': `scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ["localhost:9090"] }]
`,
      },
      finds: [{ service: 'api', says: 'prometheus does not scrape it' }],
    },
    {
      title: 'it is scraped',
      files: {
        'compose.yaml': `services:
  api:
    build: ./api
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
`,
        'api/package.json': '{ "name": "api", "dependencies": { "prom-client": "15.1.3" } }',
        'api/Dockerfile': 'FROM node:24\nCOPY . .\n',
        'prometheus.yml': `scrape_configs:
  - job_name: all
    static_configs: [{ targets: ["localhost:9090", "api:3000"] }]
`,
      },
      finds: [],
    },
    {
      title: 'nobody watches the watchers',
      files: {
        'compose.yaml': `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
  grafana: { image: "grafana/grafana:12.0.2" }
  alertmanager: { image: "prom/alertmanager:v0.28.1" }
`,
        'prometheus.yml': `scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ["localhost:9090"] }]
`,
      },
      finds: [],
    },
    {
      title: 'one of the watchers was forgotten',
      files: {
        'compose.yaml': `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
  grafana: { image: "grafana/grafana:12.0.2" }
  alertmanager: { image: "prom/alertmanager:v0.28.1" }
`,
        'prometheus.yml': `scrape_configs:
  - job_name: all
    static_configs: [{ targets: ["localhost:9090", "alertmanager:9093"] }]
`,
      },
      finds: [{ service: 'grafana', says: 'does not scrape it', severity: 'info' }],
    },
    {
      title: 'targets are discovered',
      files: {
        'compose.yaml': `services:
  api:
    build: ./api
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
`,
        'api/package.json': '{ "name": "api", "dependencies": { "prom-client": "15.1.3" } }',
        'api/Dockerfile': 'FROM node:24\nCOPY . .\n',
        'prometheus.yml': `scrape_configs:
  - job_name: docker
    docker_sd_configs: [{ host: "unix:///var/run/docker.sock" }]
`,
      },
      finds: [],
    },
  ],
}

/** Libraries that are there to be scraped; of Go's module list nobody knows what is used. */
const libraries =
  /^(?:prom-client|express-prom-bundle|fastify-metrics|@willsoto\/nestjs-prometheus|next-metrics|prometheus[-_]client|prometheus[-_]fastapi[-_]instrumentator|django[-_]prometheus|prometheus[-_]flask[-_]exporter|starlette[-_]exporter|starlette[-_]prometheus|prometheus-net(?:\.aspnetcore)?|opentelemetry\.exporter\.prometheus\.\w+|yabeda-prometheus|metrics-exporter-prometheus|axum-prometheus|promphp\/prometheus_client_php)$|(?:^|:)(?:micrometer-registry-prometheus(?:-simpleclient)?|quarkus-micrometer-registry-prometheus|simpleclient_servlet|simpleclient_httpserver)$/i

const watching = new Set(['dashboard', 'alerting', 'metrics', 'logs', 'traces'])

const isWatcher = ({ image }: ServiceEvidence): boolean => watching.has(image?.known?.kind ?? '')

/** Is one of them scraped that does not scrape itself? */
const watchesWatchers = (system: System, scraped: ReadonlySet<string>, scraper: string): boolean =>
  [...scraped].some((name) => {
    const service = system.services.get(name)
    return name !== scraper && service !== undefined && isWatcher(service)
  })

type Source = { fact: Fact; severity: Severity; port: number | undefined }

const metricsOf = (system: System, service: ServiceEvidence): Source | undefined => {
  const { image, manifests, sources } = service
  const port = portOf(service)
  if (image?.known?.kind === 'exporter' && service.build === undefined) {
    const own = image.known.metrics?.port ?? image.known.ports[0]?.port
    return {
      fact: factAt(image.at, `${image.name} is an exporter`),
      severity: 'warning',
      port: own,
    }
  }
  if (hasOwnContext(system, service)) {
    const dependency = manifests
      .filter(({ kind }) => kind !== 'go')
      .flatMap(({ dependencies }) => [...dependencies])
      .find(([name]) => libraries.test(name))
    if (dependency !== undefined) {
      const [name, at] = dependency
      return { fact: factAt(placeOf(at), `depends on ${name}`), severity: 'warning', port }
    }
    const metric = sources.filter(({ isTest }) => !isTest).flatMap(({ metrics }) => metrics)[0]
    if (metric !== undefined) {
      return { fact: factAt(placeOf(metric), `counts ${metric.name}`), severity: 'warning', port }
    }
  }
  const known = image?.known?.metrics
  if (known === undefined || image === undefined || service.build !== undefined) return undefined
  // Gateways offer theirs on an admin port of their own loopback, or not at all until told.
  if (image.known?.kind === 'gateway') return undefined
  // A service of the field brings its own; to leave them is a choice.
  if (isPushedTo(system)) return undefined
  const fact = factAt(image.at, `${image.name} serves metrics at ${known.port}${known.path}`)
  return { fact, severity: 'info', port: known.port }
}

const placeOf = ({ file, line, column }: { file: string; line: number; column: number }) => ({
  ...{ file, line, column },
})

const portOf = ({ serves, model }: ServiceEvidence): number | undefined =>
  serves[0]?.port ?? model.ports[0]?.target

/** A job in the list of Prometheus, where port and path are known. */
const addJob = (
  { kind, file }: ScrapeEvidence,
  service: ServiceEvidence,
  port: number | undefined,
): readonly Edit[] => {
  const path = pathOf(service)
  if (kind !== 'prometheus' || port === undefined || path === undefined) return []
  const value: Written = {
    job_name: service.name,
    ...(path === '/metrics' ? {} : { metrics_path: path }),
    static_configs: [{ targets: [`${service.name}:${port}`] }],
  }
  return [{ kind: 'add', file, keys: ['scrape_configs'], value }]
}

const pathOf = ({ image, build, sources }: ServiceEvidence): string | undefined => {
  const known = build === undefined ? image?.known : undefined
  if (known?.metrics !== undefined) return known.metrics.path
  if (known?.kind === 'exporter') return '/metrics'
  const served = sources
    .filter(({ isTest }) => !isTest)
    .flatMap(({ serves }) => serves.map(({ path }) => path))
    .filter((path) => /^\/(?:[\w-]+\/)*(?:metrics|prometheus)$/.test(path))
  const [path, ...others] = new Set(served)
  return others.length === 0 ? path : undefined
}
