import { factAt } from '../../place.ts'
import { reach } from '../../systems/reach.ts'
import type { Rule } from '../rule.ts'
import { contactsOf, isForPrograms } from './contacts.ts'

/** A service is told to contact a plain name that nothing in the stack has. */
export const unknownHost: Rule = {
  id: 'network/unknown-host',
  title: 'Host that nothing has',
  severity: 'warning',
  why: `A plain name such as \`redis\` is answered only by Docker's DNS, for services, container names
and aliases. When the service was renamed or never added, the client fails at its first request, often
long after the start.`,
  joins: [
    'addresses in environment, configuration and code',
    'compose services, names and aliases',
  ],
  fix: 'Correct the name, or add the service.',
  *find(system) {
    for (const { from, host, port, scheme, what, by, file, line, column } of contactsOf(system)) {
      // What code falls back on, and a web address, may be somebody's machine.
      if (by === 'code' || (by === 'environment' && !isForPrograms(scheme))) continue
      if (reach(system, from, host).kind !== 'nobody') continue
      const address = port === undefined ? host : `${host}:${port}`
      yield {
        service: from.name,
        message: `${from.name} is told to use ${address}, and nothing in the stack is called ${host}`,
        evidence: [
          factAt({ file, line, column }, `${what}: ${address}`),
          factAt(from.at, `no service, container name or alias "${host}"`),
        ],
        fix: `Name a service of the stack in ${what}, or add one called ${host}`,
        subject: `${what} ${host}`,
      }
    }
  },
  examples: [
    {
      title: 'a cache that was renamed',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    environment: { REDIS_URL: "redis://redis:6379" }
  cache:
    image: redis:8
`,
      },
      finds: [{ service: 'api', says: 'nothing in the stack is called redis' }],
    },
    {
      title: 'an alias',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    environment: { REDIS_URL: "redis://redis:6379" }
  cache:
    image: redis:8
    networks: { default: { aliases: [redis] } }
`,
      },
      finds: [],
    },
    {
      title: 'a network that other stacks join may have it',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    environment: { REDIS_URL: "redis://redis:6379" }
    networks: [shared]
networks: { shared: { external: true } }
`,
      },
      finds: [],
    },
  ],
}
