import { factAt } from '../../place.ts'
import { reach } from '../../systems/reach.ts'
import type { Found, Rule } from '../rule.ts'
import { contactsOf, type Contact } from './contacts.ts'

/** A service is told to contact another that no network of its own reaches. */
export const unreachableHost: Rule = {
  id: 'network/unreachable-host',
  title: 'Host on no shared network',
  severity: 'error',
  why: `Docker's DNS answers for a name only on networks that both containers are on. The name is
right and the service is up, and still every request fails with "could not resolve host": the kind of
outage that is looked for everywhere but in \`networks\`.`,
  joins: ['addresses in environment, configuration and code', 'compose networks'],
  fix: 'Put both services on one network.',
  *find(system) {
    for (const contact of contactsOf(system)) {
      const reached = reach(system, contact.from, contact.host)
      if (reached.kind === 'service' && !reached.isShared) {
        yield {
          ...unreachable(contact, reached.service.at, reached.service.name, reached.why),
          // What is off by default hurts on the day that it is turned on.
          severity: reached.service.isEnabled && contact.from.isEnabled ? 'error' : 'warning',
        }
      }
    }
  },
  examples: [
    {
      title: 'the database is on another network',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    environment: { DATABASE_URL: "postgres://app@db:5432/app" }
    networks: [front]
  db:
    image: postgres:17
    networks: [back]
networks: { front: {}, back: {} }
`,
      },
      finds: [{ service: 'api', says: 'db, which it cannot reach' }],
    },
    {
      title: 'a search engine with a profile and a network of its own',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    environment: { OPENSEARCH_HOST: "\${OPENSEARCH_HOST:-opensearch}", OPENSEARCH_PORT: "9200" }
  opensearch:
    image: opensearchproject/opensearch:2
    profiles: [opensearch]
    networks: [search]
networks: { search: {} }
`,
      },
      finds: [{ service: 'api', says: 'opensearch, which it cannot reach' }],
    },
    {
      title: 'they share one of several networks',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    environment: { DATABASE_URL: "postgres://app@db:5432/app" }
    networks: [front, back]
  db:
    image: postgres:17
    networks: [back]
networks: { front: {}, back: {} }
`,
      },
      finds: [],
    },
    {
      title: 'a name that is given in extra_hosts',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    environment: { DATABASE_URL: "postgres://app@db:5432/app" }
    extra_hosts: { db: 10.0.0.7 }
    networks: [front]
  db:
    image: postgres:17
    networks: [back]
networks: { front: {}, back: {} }
`,
      },
      finds: [],
    },
  ],
}

const unreachable = (
  { from, host, what, ...at }: Contact,
  service: Contact['from']['at'],
  name: string,
  why: string,
): Found => ({
  service: from.name,
  message: `${from.name} is told to use ${name}, which it cannot reach: ${why}`,
  evidence: [
    factAt(placeOf(at), `${what}: ${host}`),
    factAt(service, why),
    factAt(from.at, from.name),
  ],
  fix: `Put ${from.name} and ${name} on one network`,
  subject: `${what} ${host}`,
})

const placeOf = ({ file, line, column }: Omit<Contact, 'from' | 'host' | 'what'>) => ({
  ...{ file, line, column },
})
