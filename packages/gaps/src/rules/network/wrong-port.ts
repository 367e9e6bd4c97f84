import { factAt } from '../../place.ts'
import { reach } from '../../systems/reach.ts'
import { servesPort } from '../../systems/serving.ts'
import type { ServiceEvidence } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { contactsOf } from './contacts.ts'

/** A service is contacted at a port it does not serve: often the host's instead of the container's. */
export const wrongPort: Rule = {
  id: 'network/wrong-port',
  title: 'Wrong port of a service',
  severity: 'error',
  why: `Between containers the container port counts, not the published one. \`ports: ["8001:80"]\` and
\`http://api:8001\` is "connection refused" in the stack and works from the developer's shell.`,
  joins: [
    'addresses in environment, configuration and code',
    'ports that are served',
    'compose ports',
  ],
  fix: 'Use the port that the service listens on inside its container.',
  *find(system) {
    for (const { from, host, port, what, by, file, line, column } of contactsOf(system)) {
      if (port === undefined || by === 'code') continue
      const reached = reach(system, from, host)
      if (reached.kind !== 'service' || !reached.isShared) continue
      const { service } = reached
      const serving = servesPort(system, service, port)
      const mapped = mappedTo(service, port)
      const isSure = serving.confidence === 'certain' || mapped !== undefined
      if (serving.isServed !== false || !isSure) continue
      const [first] = serving.instead
      const right = mapped ?? first?.port
      yield {
        service: from.name,
        message:
          mapped === undefined
            ? `${from.name} is told to use ${host}:${port}, where ${service.name} does not listen`
            : `${from.name} is told to use ${host}:${port}, which is the port of the host; inside it is ${mapped}`,
        evidence: [
          factAt({ file, line, column }, `${what}: ${host}:${port}`),
          mapped === undefined
            ? factAt(
                first ?? service.at,
                first === undefined ? 'serves another port' : `${first.by} ${first.port}`,
              )
            : factAt(service.place('ports'), `${port} of the host leads to ${mapped}`),
        ],
        fix:
          right === undefined ? `Correct the port in ${what}` : `Use ${host}:${right} in ${what}`,
        subject: `${what} ${host}:${port}`,
      }
    }
  },
  examples: [
    {
      title: 'the port of the host between containers',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    environment: { DATABASE_URL: "postgres://app@db:5433/app" }
  db:
    image: postgres:17
    ports: ["127.0.0.1:5433:5432"]
`,
      },
      finds: [{ service: 'api', says: 'the port of the host; inside it is 5432' }],
    },
    {
      title: 'the port it listens on',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    environment: { DATABASE_URL: "postgres://app@db:5432/app" }
  db:
    image: postgres:17
    ports: ["127.0.0.1:5433:5432"]
`,
      },
      finds: [],
    },
    {
      title: 'an application of which not every port is known',
      files: {
        'compose.yaml': `services:
  runner:
    image: registry.example.com/runner:1
    environment: { BROKER_URI: "http://n8n:5679" }
  n8n:
    image: n8nio/n8n:1.100.0
    environment: { N8N_RUNNERS_ENABLED: "true" }
`,
      },
      finds: [],
    },
    {
      title: 'it is told to listen elsewhere',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    environment: { DATABASE_URL: "postgres://app@db:5433/app" }
  db:
    image: postgres:17
    environment: { PGPORT: "5433" }
    ports: ["127.0.0.1:5433:5433"]
`,
      },
      finds: [],
    },
  ],
}

/** The container port behind a published one of another number. */
const mappedTo = ({ model }: ServiceEvidence, port: number): number | undefined => {
  if (model.ports.some(({ target }) => target === port)) return undefined
  return model.ports.find(({ published }) => published === String(port))?.target
}
