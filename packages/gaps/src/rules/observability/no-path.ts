import { factAt } from '../../place.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'
import { jobsOf } from './scraping.ts'

/** Metrics are collected, logs or traces are not. */
export const noPath: Rule = {
  id: 'observability/no-path',
  title: 'Logs or traces stay where they are made',
  severity: 'info',
  why: `A metric says that something is wrong, the log says what, the trace says where. With logs only in
\`docker logs\` of each container, an answer over several services is put together by hand, and is gone
with the container.`,
  joins: ['services of the stack', 'log shippers, collectors, logging drivers'],
  fix: 'Ship logs and traces to one place, for instance through an OpenTelemetry collector.',
  *find(system) {
    const [job] = jobsOf(system)
    const own = [...system.services.values()].filter(
      ({ build, sources }) => build !== undefined || sources.length > 0,
    )
    // Who does not even measure has other worries, and a small stack reads its logs by eye.
    if (job === undefined || own.length < ownServicesMin) return
    const lacks = [...(hasLogs(system) ? [] : ['logs']), ...(hasTraces(system) ? [] : ['traces'])]
    for (const what of lacks) yield report(what, job.scraper, own)
  },
  examples: [
    {
      title: 'metrics alone',
      files: {
        'compose.yaml': `services:
  a: { build: ./a }
  b: { build: ./b }
  c: { build: ./c }
  d: { build: ./d }
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
`,
        'prometheus.yml': `scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ["localhost:9090"] }]
`,
      },
      finds: [
        { service: '-', says: 'logs' },
        { service: '-', says: 'traces' },
      ],
    },
    {
      title: 'a logging driver and a trace store',
      files: {
        'compose.yaml': `services:
  a: { build: ./a, logging: { driver: loki, options: { loki-url: "http://loki:3100" } } }
  b: { build: ./b }
  c: { build: ./c }
  d: { build: ./d }
  jaeger: { image: "jaegertracing/all-in-one:1.60" }
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
`,
        'prometheus.yml': `scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ["localhost:9090"] }]
`,
      },
      finds: [],
    },
  ],
}

const ownServicesMin = 4

const shippers =
  /loki|promtail|alloy|fluent|vector|logstash|filebeat|elastic|opensearch|graylog|seq|splunk|otel|opentelemetry|dozzle|signoz|datadog|newrelic|sentry|openobserve|victorialogs|rsyslog|syslog/i
const tracers =
  /jaeger|tempo|zipkin|otel|opentelemetry|signoz|skywalking|apm|datadog|newrelic|sentry|openobserve|alloy|instana|honeycomb|uptrace/i

const has = ({ services }: System, pattern: RegExp) =>
  [...services.values()].some(
    ({ image, model, name }) =>
      pattern.test(image?.name ?? '') || pattern.test(model.image ?? '') || pattern.test(name),
  )

const hasLogs = (system: System): boolean =>
  system.collectors.length > 0 ||
  has(system, shippers) ||
  [...system.services.values()].some(
    ({ model }) =>
      model.logging?.driver !== undefined && !['json-file', 'local'].includes(model.logging.driver),
  )

const hasTraces = (system: System): boolean =>
  has(system, tracers) ||
  [...system.services.values()].some(({ environment, manifests }) =>
    [
      ...environment.keys(),
      ...manifests.flatMap(({ dependencies }) => [...dependencies.keys()]),
    ].some((name) =>
      /^OTEL_|opentelemetry|jaeger|zipkin|dd-trace|ddtrace|newrelic|sentry/i.test(name),
    ),
  )

const report = (
  what: string,
  scraper: ServiceEvidence,
  own: readonly ServiceEvidence[],
): Found => ({
  message: `${scraper.name} collects metrics, and nothing collects the ${what} of ${own.length} services`,
  evidence: [
    factAt(scraper.at, 'metrics are collected'),
    factAt(
      own[0]?.at ?? scraper.at,
      `${what} of ${own[0]?.name ?? 'the services'} stay in its container`,
    ),
  ],
  fix:
    what === 'logs'
      ? 'Add a log store and a shipper, or a logging driver'
      : 'Add a trace store, and have the services export to it',
  subject: what,
})
