import { factAt } from '../../place.ts'
import type { KnownImage, ServiceEvidence } from '../../systems/system.ts'
import type { Found, Rule, Severity } from '../rule.ts'
import { isOpen } from './port-ranges.ts'

type Kind = { what: string; severity: Severity }

/** What each kind of image is when anybody may connect to it. */
const kinds: Partial<Record<KnownImage['kind'], Kind>> = {
  database: { what: 'a database', severity: 'warning' },
  cache: { what: 'a cache', severity: 'warning' },
  search: { what: 'a search engine', severity: 'warning' },
  broker: { what: 'a broker', severity: 'warning' },
  admin: { what: 'an admin interface', severity: 'warning' },
  metrics: { what: 'a metrics service without a login', severity: 'info' },
  alerting: { what: 'an alerting service without a login', severity: 'info' },
  exporter: { what: 'an exporter without a login', severity: 'info' },
  logs: { what: 'a log service without a login', severity: 'info' },
  traces: { what: 'a trace service without a login', severity: 'info' },
}

/** Devices outside of the stack are what such a broker is for. */
const forDevices = /mosquitto|emqx|vernemq|hivemq|nanomq/

/** Not the broker, but what stands beside it. */
export const besideBroker = /registry|ksql|connect|kafka-rest|bridge/

/** A database or an admin interface is published on every interface of the host. */
export const exposed: Rule = {
  id: 'network/exposed',
  title: 'Open to every network of the host',
  severity: 'warning',
  isMilderInDevelopment: true,
  why: `\`ports: ["5432:5432"]\` binds to all interfaces, and Docker's own firewall rules come before those
of ufw or firewalld (moby/moby#22054). Open Redis, MongoDB and Elasticsearch instances are found by
scanners within hours; whole waves of ransom notes were left in them.`,
  joins: ['compose ports', 'what is known of the image'],
  fix: 'Publish on `127.0.0.1`, or do not publish: services of the stack reach it without.',
  fixable: 'when asked',
  caution: 'programs on other machines no longer reach these ports.',
  *find(system) {
    for (const service of system.services.values()) {
      const kind = service.image?.known?.kind
      const found = kind === undefined ? undefined : kinds[kind]
      if (found === undefined) continue
      const name = service.image?.name.split('/').at(-1) ?? ''
      const what = besideBroker.test(name) ? 'an interface of a broker' : found.what
      yield* openPorts(service, {
        ...(forDevices.test(name) ? { severity: 'info' } : { severity: found.severity }),
        what,
      })
    }
  },
  examples: [
    {
      title: 'a database on all interfaces',
      files: {
        'compose.yaml': 'services:\n  db:\n    image: postgres:17\n    ports: ["5432:5432"]\n',
      },
      finds: [{ service: 'db', says: 'published on all interfaces', severity: 'warning' }],
    },
    {
      title: 'on the machine of whoever works on it',
      files: {
        'compose.yaml': 'services:\n  db:\n    image: postgres:17\n',
        'compose.override.yaml': 'services:\n  db:\n    ports: ["5432:5432"]\n',
        'dev/compose.yaml': 'services:\n  cache:\n    image: redis:8\n    ports: ["6379:6379"]\n',
      },
      finds: [
        { service: 'db', says: 'published on all interfaces', severity: 'info' },
        { service: 'cache', says: 'published on all interfaces', severity: 'info' },
      ],
    },
    {
      title: 'on the loopback only',
      files: {
        'compose.yaml':
          'services:\n  db:\n    image: postgres:17\n    ports: ["127.0.0.1:5432:5432"]\n',
      },
      finds: [],
    },
    {
      title: 'a broker for devices, which are not in the stack',
      files: {
        'compose.yaml':
          'services:\n  mqtt:\n    image: eclipse-mosquitto:2\n    ports: ["1883:1883"]\n',
      },
      finds: [{ service: 'mqtt', says: 'published on all interfaces', severity: 'info' }],
    },
    {
      title: 'a variable that nobody gives may hold the address too',
      files: {
        'compose.yaml':
          'services:\n  db:\n    image: postgres:17\n    ports: ["${DB_PORT}:5432"]\n',
      },
      finds: [],
    },
    {
      title: 'a web server is there to be reached',
      files: { 'compose.yaml': 'services:\n  web:\n    image: nginx:1.29\n    ports: ["80:80"]\n' },
      finds: [],
    },
  ],
}

/** `${DB_PORT}:5432`: the variable may hold an address too. */
const isGivenLater = ({ isUnset }: ServiceEvidence, key: string): boolean =>
  isUnset('ports', key, 'host_ip') || isUnset('ports', key, 'published')

/** One finding for a service, at its first open port; a free port is harder to find, and milder. */
function* openPorts(service: ServiceEvidence, { what, severity }: Kind): Generator<Found> {
  const open = service.model.ports
    .map((port, index) => ({ ...port, key: String(index) }))
    .filter((port) => isOpen(port) && !isGivenLater(service, port.key))
  const fixed = open.filter(({ published }) => published !== undefined)
  const shown = fixed.length > 0 ? fixed : severity === 'warning' ? open : []
  const [first] = shown
  if (first === undefined) return
  const numbers = [...new Set(fixed.map(({ published }) => published))].join(', ')
  const where = numbers === '' ? 'a free port of the host' : `port ${numbers}`
  const name = service.image?.name ?? 'the image'
  const facts = shown.map(({ key, hostIp, published, target }) =>
    factAt(
      service.place('ports', key),
      `${hostIp ?? '0.0.0.0'}:${published ?? 'any'} leads to ${target}`,
    ),
  )
  const [shownAt, ...others] = facts
  if (shownAt === undefined) return
  yield {
    service: service.name,
    severity: fixed.length > 0 ? severity : 'info',
    message: `${service.name}, ${what}, is published on all interfaces at ${where}`,
    evidence: [shownAt, ...others, factAt(service.image?.at ?? service.at, `${name} is ${what}`)],
    fix: `Publish it as "127.0.0.1:${first.published ?? ''}:${first.target}", or leave it out`,
    subject: 'ports',
    // With the free ports: one of them would still be open.
    edits: (severity === 'warning' ? open : fixed).map(({ key }) => {
      const { file, line, column } = service.place('ports', key)
      return { kind: 'loopback', file, line, column, service: service.name }
    }),
  }
}
