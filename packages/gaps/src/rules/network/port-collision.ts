import { factAt } from '../../place.ts'
import type { System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'
import { collide, hostPortsOf, type HostPort } from './port-ranges.ts'

/** Two services want the same port of the host. */
export const portCollision: Rule = {
  id: 'network/port-collision',
  title: 'Two services, one port of the host',
  severity: 'error',
  why: `The second to start fails with "port is already allocated", and which one is second changes from
start to start. Two collectors that both want 4317 are the usual pair.`,
  joins: [
    'compose ports of one service',
    'compose ports of another, also of a stack it runs beside',
  ],
  fix: 'Give each its own port of the host.',
  *find(system) {
    const within = [...withinStack(system)]
    // Of so many nobody starts all at once: it is a list to choose from.
    const isMenu = within.length > collisionsMax
    for (const found of within) yield isMenu ? { ...found, severity: 'info' } : found
    yield* acrossStacks(system)
  },
  examples: [
    {
      title: 'two services publish 8080',
      files: {
        'compose.yaml': `services:
  web:
    image: registry.example.com/web:1
    ports: ["8080:80"]
  admin:
    image: registry.example.com/admin:1
    ports: ["127.0.0.1:8080:3000"]
`,
      },
      finds: [{ service: 'admin', says: 'port 8080 of the host' }],
    },
    {
      title: 'a list to choose from',
      files: {
        'compose.yaml': `services:
  apache: { image: "example/apache:1", ports: ["80:80"] }
  caddy: { image: "example/caddy:1", ports: ["80:80"] }
  nginx: { image: "example/nginx:1", ports: ["80:80"] }
  haproxy: { image: "example/haproxy:1", ports: ["80:80"] }
  traefik: { image: "example/traefik:1", ports: ["80:80"] }
`,
      },
      finds: [
        { service: 'caddy', says: 'port 80 of the host', severity: 'info' },
        { service: 'nginx', says: 'port 80 of the host', severity: 'info' },
        { service: 'haproxy', says: 'port 80 of the host', severity: 'info' },
        { service: 'traefik', says: 'port 80 of the host', severity: 'info' },
      ],
    },
    {
      title: 'different addresses, protocols and profiles',
      files: {
        'compose.yaml': `services:
  a:
    image: registry.example.com/a:1
    ports: ["127.0.0.1:8080:80", "53:53/tcp"]
  b:
    image: registry.example.com/b:1
    ports: ["10.0.0.1:8080:80", "53:53/udp"]
  dev:
    image: registry.example.com/c:1
    profiles: [dev]
    ports: ["9000:80"]
  prod:
    image: registry.example.com/c:1
    profiles: [prod]
    ports: ["9000:80"]
`,
      },
      finds: [],
    },
    {
      title: 'stacks that are alternatives of each other',
      files: {
        'postgres/compose.yaml':
          'services:\n  db:\n    image: postgres:17\n    ports: ["5432:5432"]\n',
        'timescale/compose.yaml':
          'services:\n  db:\n    image: timescale/timescaledb:2\n    ports: ["5432:5432"]\n',
      },
      finds: [],
    },
    {
      title: 'stacks that share a network run together',
      files: {
        'shop/compose.yaml': `services:
  web:
    image: registry.example.com/web:1
    ports: ["3000:80"]
    networks: [shared]
networks: { shared: { name: shared } }
`,
        'monitoring/compose.yaml': `services:
  grafana:
    image: grafana/grafana:12.0.2
    ports: ["3000:3000"]
    networks: [shared]
networks: { shared: { name: shared, external: true } }
`,
      },
      finds: [{ service: 'grafana', says: 'port 3000 of the host' }],
    },
  ],
}

function* withinStack(system: System): Generator<Found> {
  const taken = new Map<number, HostPort[]>()
  for (const second of hostPortsOf(system)) {
    const before = taken.get(second.port) ?? []
    const first = before.find((one) => collide(one, second))
    taken.set(second.port, [...before, second])
    if (first === undefined || first.service === second.service) continue
    if (areAlternatives(first, second)) continue
    yield collision(first, second, '')
  }
}

const collisionsMax = 3

/** Services whose profiles have nothing in common are not started together. */
const areAlternatives = (a: HostPort, b: HostPort): boolean => {
  const [mine, theirs] = [a.service.model.profiles, b.service.model.profiles]
  return mine.length > 0 && theirs.length > 0 && !mine.some((name) => theirs.includes(name))
}

/** One joins a network that the other makes: they are meant to run side by side. */
function* acrossStacks(system: System): Generator<Found> {
  if (!system.isDefault) return
  const external = Object.values(system.project.networks).filter((network) => network.external)
  for (const other of system.neighbours()) {
    if (other.folder === system.folder) continue
    const isBeside = Object.values(other.project.networks).some(
      ({ name, external: isJoined }) =>
        !isJoined && external.some((network) => network.name === name),
    )
    if (!isBeside) continue
    const theirs = hostPortsOf(other)
    for (const second of hostPortsOf(system)) {
      const first = theirs.find((one) => collide(one, second))
      if (first !== undefined) yield collision(first, second, ` of ${other.name}`)
    }
  }
}

const collision = (first: HostPort, second: HostPort, where: string): Found => {
  const { port, protocol, service } = second
  return {
    service: service.name,
    message: `${service.name} wants port ${port} of the host, which ${first.service.name}${where} takes as well`,
    evidence: [
      factAt(second.at, `${service.name} publishes ${port}/${protocol}`),
      factAt(first.at, `${first.service.name} publishes ${port}/${protocol}`),
    ],
    fix: `Publish ${service.name} on another port of the host`,
    subject: `${port}/${protocol} ${first.service.name}`,
  }
}
