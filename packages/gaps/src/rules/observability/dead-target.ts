import { factAt, type Fact } from '../../place.ts'
import { servesPort } from '../../systems/serving.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { targetsOf, type Target } from './scraping.ts'

/** Prometheus is told to scrape what is not there. */
export const deadTarget: Rule = {
  id: 'observability/dead-target',
  title: 'Scrape target that nothing serves',
  severity: 'error',
  why: `The target is down from the first minute, so that its alerts were silenced long ago and its panels
read "no data". An exporter that was planned and never deployed looks the same as one that broke.`,
  joins: ['Prometheus and collector scrape targets', 'compose services, networks and served ports'],
  fix: 'Add the service, correct the target, or delete the job.',
  *find(system) {
    for (const found of targetsOf(system)) {
      if (found.scrape.isDiscovered) continue
      const trouble = troubleOf(system, found)
      if (trouble === undefined) continue
      const { scraper, scrape, target } = found
      const address = target.port === undefined ? target.host : `${target.host}:${target.port}`
      yield {
        service: scraper.name,
        message: `${scraper.name} scrapes ${address}, ${trouble.says}`,
        evidence: [
          factAt(placeOf(target), `target ${address} of the job ${scrape.job}`),
          trouble.fact,
        ],
        fix: trouble.fix,
        subject: `${scrape.job} ${address}`,
      }
    }
  },
  examples: [
    {
      title: 'an exporter that was never deployed',
      files: {
        'compose.yaml': `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
`,
        'prometheus.yml': `scrape_configs:
  - job_name: redis
    static_configs:
      - targets: ["redis-exporter:9121"]
`,
      },
      finds: [{ service: 'prometheus', says: 'nothing in the stack has that name' }],
    },
    {
      title: 'localhost is Prometheus itself',
      files: {
        'compose.yaml': `services:
  node-exporter:
    image: prom/node-exporter:v1.9.1
    ports: ["127.0.0.1:9100:9100"]
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
`,
        'prometheus.yml': `scrape_configs:
  - job_name: all
    static_configs:
      - targets: ["localhost:9090", "localhost:9100"]
`,
      },
      finds: [{ service: 'prometheus', says: 'localhost:9100, which is itself' }],
    },
    {
      title: 'targets by name and on the host',
      files: {
        'compose.yaml': `services:
  node-exporter:
    image: prom/node-exporter:v1.9.1
    container_name: node
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
    extra_hosts: ["host.docker.internal:host-gateway"]
`,
        'prometheus.yml': `scrape_configs:
  - job_name: all
    static_configs:
      - targets: ["localhost:9090", "node:9100", "host.docker.internal:9323", "db.example.com:9187"]
`,
      },
      finds: [],
    },
    {
      title: 'a configuration that nothing mounts',
      files: {
        'compose.yaml': 'services:\n  web:\n    image: nginx:1.29\n',
        'deploy/prometheus.yml': `scrape_configs:
  - job_name: redis
    static_configs: [{ targets: ["redis-exporter:9121"] }]
`,
      },
      finds: [],
    },
  ],
}

const placeOf = ({ file, line, column }: Target['target']) => ({ file, line, column })

type Trouble = { says: string; fact: Fact; fix: string }

const troubleOf = (system: System, found: Target): Trouble | undefined => {
  const { scraper, target, reached } = found
  const { host = '', port } = target
  if (reached.kind === 'nobody') {
    const fact = factAt(scraper.at, `no service, container name or alias "${host}" beside it`)
    return {
      says: 'and nothing in the stack has that name',
      fact,
      fix: `Add a service ${host}, or delete the target`,
    }
  }
  if (reached.kind === 'self') return ownPort(system, scraper, port)
  if (reached.kind !== 'service') return undefined
  const { service, isShared, why } = reached
  if (!isShared) {
    const fix = `Put ${scraper.name} and ${service.name} on one network`
    return { says: `which it cannot reach: ${why}`, fact: factAt(service.at, why), fix }
  }
  return port === undefined ? undefined : wrongPort(system, service, port)
}

const wrongPort = (system: System, service: ServiceEvidence, port: number): Trouble | undefined => {
  const { isServed, confidence, instead } = servesPort(system, service, port)
  const mapped = service.model.ports.find(({ published }) => published === String(port))?.target
  const isSure = confidence === 'certain' || (mapped !== undefined && mapped !== port)
  const [first] = instead
  if (isServed !== false || !isSure || first === undefined) return undefined
  return {
    says: `and ${service.name} listens on ${mapped ?? first.port}`,
    fact: factAt(first, `${first.by} ${first.port}`),
    fix: `Use ${service.name}:${mapped ?? first.port}`,
  }
}

/** `localhost` in the container of Prometheus: another service has the port that is meant. */
const ownPort = (
  system: System,
  scraper: ServiceEvidence,
  port: number | undefined,
): Trouble | undefined => {
  if (port === undefined || servesPort(system, scraper, port).isServed === true) return undefined
  if (scraper.model.networkMode?.includes(':') === true) return undefined
  const other = [...system.services.values()].find(
    ({ name, serves, model }) =>
      name !== scraper.name &&
      model.networkMode !== `service:${scraper.name}` &&
      (serves.some((one) => one.port === port) ||
        model.ports.some(({ published }) => published === String(port))),
  )
  if (other === undefined) return undefined
  return {
    says: `which is itself; ${other.name} has that port`,
    fact: factAt(other.at, `${other.name} has port ${port}`),
    fix: `Use ${other.name}:${port}`,
  }
}
