import { factAt, type Place } from '../../place.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { contactsOf } from './contacts.ts'

const machine = 'host.docker.internal'

/** A name that Docker Desktop knows and Docker on Linux does not. */
export const machineName: Rule = {
  id: 'network/machine-name',
  title: 'A name of the host that Linux does not know',
  severity: 'info',
  why: `Docker Desktop answers for \`host.docker.internal\`; Docker on Linux does so only with
\`extra_hosts: ["host.docker.internal:host-gateway"]\`. The stack works on every laptop and not on the
server.`,
  joins: [
    'addresses in environment, configuration, scrape targets and routes',
    'compose extra_hosts',
  ],
  fix: 'Add `extra_hosts: ["host.docker.internal:host-gateway"]` to the service.',
  *find(system) {
    for (const [service, { at, what }] of firstUses(system)) {
      const { extraHosts, networkMode, runtime } = service.model
      if (machine in extraHosts || networkMode !== undefined || runtime === 'process') continue
      yield {
        service: service.name,
        message: `${service.name} uses ${machine} without an extra_hosts entry: on Linux the name leads nowhere`,
        evidence: [factAt(at, `${what}: ${machine}`), factAt(service.at, 'no extra_hosts for it')],
        fix: `Add extra_hosts: ["${machine}:host-gateway"] to ${service.name}`,
        subject: machine,
      }
    }
  },
  examples: [
    {
      title: 'a database of the host',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    environment: { DATABASE_URL: "postgres://app@host.docker.internal:5432/app" }
`,
      },
      finds: [{ service: 'api', says: 'on Linux the name leads nowhere' }],
    },
    {
      title: 'with the entry',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    environment: { DATABASE_URL: "postgres://app@host.docker.internal:5432/app" }
    extra_hosts: ["host.docker.internal:host-gateway"]
`,
      },
      finds: [],
    },
  ],
}

type Use = { at: Place; what: string }

/** Where each service first names it. */
const firstUses = (system: System): ReadonlyMap<ServiceEvidence, Use> => {
  const uses = new Map<ServiceEvidence, Use>()
  const add = (by: string | undefined, place: Place, what: string) => {
    const service = by === undefined ? undefined : system.services.get(by)
    const { file, line, column } = place
    if (service !== undefined && !uses.has(service))
      uses.set(service, { at: { file, line, column }, what })
  }
  for (const contact of contactsOf(system)) {
    if (contact.host === machine && contact.by !== 'code')
      add(contact.from.name, contact, contact.what)
  }
  for (const { by, targets, job } of system.scrapes) {
    for (const target of targets) if (target.host === machine) add(by, target, `job ${job}`)
  }
  for (const { by, upstreams, name } of system.routes) {
    for (const upstream of upstreams) if (upstream.host === machine) add(by, upstream, name)
  }
  return uses
}
