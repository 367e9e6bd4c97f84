import { factAt } from '../../place.ts'
import type { Rule } from '../rule.ts'
import { seenAt } from './observed.ts'
import { sampleRunning } from './sample.ts'

/** A target of the scrape list that does not answer. */
export const scrapeDown: Rule = {
  id: 'running/scrape-down',
  title: 'Scrape target that does not answer',
  severity: 'warning',
  why: `From the moment a target stops answering, its alerts have no data to fire on. The graph that ends
is looked at on the day that it is needed.`,
  joins: ['Prometheus and collector scrape targets', 'what the scraper saw'],
  fix: 'See the reason, and correct the target or the service.',
  *find({ running, scrapes, services }) {
    for (const { job, host, port, isUp, reason } of running?.scrapes ?? []) {
      if (running === undefined || isUp) continue
      const targets = scrapes.filter((one) => one.job === job && one.by !== undefined)
      const found = targets
        .flatMap((one) => one.targets)
        .find((one) => one.host === host && one.port === port)
      const [scrape] = targets
      const at = found ?? scrape
      const service = scrape?.by
      if (at === undefined || service === undefined) continue
      const { file, line, column } = at
      yield {
        service,
        message: `${service} gets no metrics from ${host}:${port} of the job ${job}: ${reason}`,
        evidence: [
          factAt({ file, line, column }, `target ${host}:${port}`),
          factAt(services.get(service)?.at ?? { file, line, column }, seenAt(running, reason)),
        ],
        fix: `Correct the target or the service behind it: ${reason}`,
        subject: `${job} ${host}:${port}`,
      }
    }
  },
  examples: [
    {
      title: 'a target that refuses',
      files: {
        'compose.yaml': `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
  api: { image: "registry.example.com/api:1" }
`,
        'prometheus.yml':
          'scrape_configs:\n  - job_name: api\n    static_configs: [{ targets: ["api:8000"] }]\n',
      },
      running: sampleRunning({
        scrapes: [
          { job: 'api', host: 'api', port: 8000, isUp: false, reason: 'connection refused' },
        ],
      }),
      finds: [{ service: 'prometheus', says: 'connection refused' }],
    },
    {
      title: 'it answers',
      files: {
        'compose.yaml': `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
  api: { image: "registry.example.com/api:1" }
`,
        'prometheus.yml':
          'scrape_configs:\n  - job_name: api\n    static_configs: [{ targets: ["api:8000"] }]\n',
      },
      running: sampleRunning({
        scrapes: [{ job: 'api', host: 'api', port: 8000, isUp: true, reason: '' }],
      }),
      finds: [],
    },
  ],
}
