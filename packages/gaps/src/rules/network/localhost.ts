import { factAt } from '../../place.ts'
import { reach } from '../../systems/reach.ts'
import { servesPort } from '../../systems/serving.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { contactsOf, isForPrograms, portOfScheme } from './contacts.ts'

/** A container is told to find another service at localhost, which is itself. */
export const localhost: Rule = {
  id: 'network/localhost',
  title: 'localhost inside a container',
  severity: 'error',
  why: `Inside a container \`localhost\` is that container. What works on a developer's machine, where
every port is published, is "connection refused" as soon as the client runs in a container too.`,
  joins: ['addresses in environment and configuration', 'compose ports of the other services'],
  fix: 'Use the name of the service and its container port.',
  *find(system) {
    for (const { from, host, port, scheme, what, by, file, line, column } of contactsOf(system)) {
      if (by === 'code' || (by === 'environment' && !isForPrograms(scheme))) continue
      const to = port ?? portOfScheme(scheme)
      if (to === undefined || reach(system, from, host).kind !== 'self') continue
      if (!/^(?:localhost|127\.|\[?::1)/.test(host)) continue
      if (servesPort(system, from, to).isServed === true || hasCompany(system, from)) continue
      const other = findPublisher(system, from, to)
      if (other === undefined) continue
      const target = other.model.ports.find(({ published }) => published === String(to))?.target
      yield {
        service: from.name,
        message: `${from.name} is told to use ${host}:${to}, which is itself; ${other.name} has that port`,
        evidence: [
          factAt({ file, line, column }, `${what}: ${host}:${to}`),
          factAt(other.place('ports'), `${other.name} publishes ${to}`),
        ],
        fix: `Use ${other.name}:${target ?? to} in ${what}`,
        subject: `${what} ${to}`,
      }
    }
  },
  examples: [
    {
      title: 'a database at localhost',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    environment: { DATABASE_URL: "postgres://app@localhost:5432/app" }
  db:
    image: postgres:17
    ports: ["127.0.0.1:5432:5432"]
`,
      },
      finds: [{ service: 'api', says: 'which is itself; db has that port' }],
    },
    {
      title: 'an address for the browser',
      files: {
        'compose.yaml': `services:
  web:
    image: registry.example.com/web:1
    environment: { API_URL: "http://localhost:8000" }
  api:
    image: registry.example.com/api:1
    ports: ["8000:8000"]
`,
      },
      finds: [],
    },
    {
      title: 'a container on the network of the machine',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    network_mode: host
    environment: { DATABASE_URL: "postgres://app@localhost:5432/app" }
  db:
    image: postgres:17
    ports: ["127.0.0.1:5432:5432"]
`,
      },
      finds: [],
    },
  ],
}

const findPublisher = (
  { services }: System,
  from: ServiceEvidence,
  port: number,
): ServiceEvidence | undefined =>
  [...services.values()].find(
    (other) =>
      other !== from && other.model.ports.some(({ published }) => published === String(port)),
  )

/** Another container in the same network namespace may be the one that is meant. */
const hasCompany = ({ services }: System, from: ServiceEvidence): boolean =>
  from.model.networkMode?.includes(':') === true ||
  [...services.values()].some(({ model }) => model.networkMode === `service:${from.name}`)
