import { factAt, type Place } from '../../place.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'

/** A service refers to one that no compose file declares. */
export const unknownService: Rule = {
  id: 'missing/unknown-service',
  title: 'Refers to a service that is not declared',
  severity: 'error',
  why: `A service was renamed or taken out and its name is still in \`depends_on\` or \`links\` of another:
\`docker compose up\` refuses the file, or, in one that is only merged in production, refuses it there.`,
  joins: ['depends_on', 'links', 'volumes_from', 'network_mode', 'services'],
  fix: 'Declare the service, or take the reference out.',
  *find(system) {
    const names = [...system.services.keys()]
    const known = new Set([...names, ...system.project.disabledServices])
    for (const service of system.services.values()) {
      const seen = new Set<string>()
      for (const { target, at, key } of referencesOf(service)) {
        if (known.has(target) || seen.has(target)) continue
        seen.add(target)
        // A file that is read alone here may be one that another brings the service to.
        if (isDeclaredElsewhere(target, system)) continue
        yield {
          service: service.name,
          message: `${service.name} refers to ${target} in ${key}, and no such service is declared`,
          evidence: [
            factAt(at, `${key}: ${target}`),
            factAt(system.place('services'), `declares ${names.slice(0, 8).join(', ')}`),
          ],
          fix: `Declare ${target}, or take it out of ${key}`,
          subject: target,
        }
      }
    }
  },
  examples: [
    {
      title: 'the database was renamed',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    depends_on: [database]
  db:
    image: postgres:17
`,
      },
      finds: [{ service: 'api', says: 'database' }],
    },
    {
      title: 'behind a profile, not required, by alias',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    links: ["db:database"]
    depends_on:
      debug: { condition: service_started }
      mail: { condition: service_started, required: false }
  db: { image: "postgres:17" }
  debug: { image: "example/debug:1", profiles: [debug] }
`,
      },
      finds: [],
    },
    {
      title: 'a part that is merged with the stack of the folder above',
      files: {
        'compose.yaml': 'services:\n  web: { image: "example/web:1" }\n',
        'extra/logs-compose.yml':
          'services:\n  logs: { image: "example/l:1", depends_on: [web] }\n',
        'tests/compose.yaml': 'services:\n  client: { image: "example/c:1", depends_on: [web] }\n',
      },
      finds: [],
    },
    {
      title: 'an overlay for tests names a service of the main file',
      files: {
        'compose.yaml': 'services:\n  web: { image: "example/web:1" }\n',
        'compose.tests.yaml': 'services:\n  tests: { image: "example/t:1", depends_on: [web] }\n',
      },
      finds: [],
    },
  ],
}

type Reference = { target: string; at: Place; key: string }

const referencesOf = ({ model, place, isWritten }: ServiceEvidence): readonly Reference[] => {
  const found: Reference[] = []
  for (const [target, { required }] of Object.entries(model.dependsOn)) {
    if (required && isWritten('depends_on', target)) {
      found.push({ target, at: place('depends_on', target), key: 'depends_on' })
    }
  }
  for (const [index, link] of model.links.entries()) {
    const at = place('links', String(index))
    found.push({ target: link.split(':')[0] ?? '', at, key: 'links' })
  }
  for (const [index, from] of model.volumesFrom.entries()) {
    if (from.startsWith('container:')) continue
    const at = place('volumes_from', String(index))
    found.push({ target: from.split(':')[0] ?? '', at, key: 'volumes_from' })
  }
  for (const key of ['network_mode', 'pid', 'ipc'] as const) {
    const value = key === 'network_mode' ? model.networkMode : model[key]
    if (value?.startsWith('service:') !== true) continue
    found.push({ target: value.slice('service:'.length), at: place(key), key })
  }
  return found.filter(({ target }) => target !== '')
}

const isDeclaredElsewhere = (target: string, system: System): boolean =>
  system.readings().some((other) => other !== system && other.services.has(target)) ||
  // Or one that is merged with the stack of a folder above.
  system
    .neighbours()
    .some(
      ({ folder, services }) =>
        folder !== system.folder &&
        (folder === '' || system.folder.startsWith(`${folder}/`)) &&
        services.has(target),
    )
