import { factAt } from '../../place.ts'
import type { ServiceEvidence } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { isForTests } from '../../systems/purpose.ts'
import { isOpen } from '../network/port-ranges.ts'

/** What a broker holds is on its way; what these hold, nobody else has. */
const grave = new Set(['database', 'search', 'object store'])
const worthTelling = new Set(['broker', 'metrics', 'dashboard'])

/** State that lives in the container, or in a volume without a name. */
export const stateWithoutVolume: Rule = {
  id: 'resilience/state-without-volume',
  title: 'State without a volume',
  severity: 'warning',
  isMilderInDevelopment: true,
  why: `\`docker compose down\` takes the container and forgets its anonymous volume: the database starts
empty. It is found out on the first deployment that is not a restart.`,
  joins: ['known images', 'volumes', 'Dockerfile VOLUME'],
  fix: 'Mount a named volume where the image keeps its data.',
  *find(system) {
    if (isForTests(system)) return
    for (const service of system.services.values()) {
      const { name, image, at } = service
      const known = image?.known
      const [path] = known?.data ?? []
      if (image === undefined || path === undefined || known === undefined) continue
      if (mayKeep(service, known.data)) continue
      if (!grave.has(known.kind) && !worthTelling.has(known.kind)) continue
      yield {
        service: name,
        severity: grave.has(known.kind) && !isForTools(service) ? 'warning' : 'info',
        message: `${name} keeps its data in ${path}, and no volume is mounted there`,
        evidence: [
          factAt(at, 'mounts no volume'),
          factAt(image.at, `${image.name} writes to ${path}`),
        ],
        fix: `Add volumes: ["${name}-data:${path}"], and ${name}-data to the top-level volumes`,
        subject: path,
      }
    }
  },
  examples: [
    {
      title: 'a database that forgets',
      files: { 'compose.yaml': 'services:\n  db:\n    image: postgres:17\n' },
      finds: [{ service: 'db', says: 'no volume is mounted' }],
    },
    {
      title: 'one for working on the program: published for the tools of this machine',
      files: {
        'compose.yaml':
          'services:\n  db:\n    image: postgres:17\n    ports: ["127.0.0.1:5432:5432"]\n',
      },
      finds: [{ service: 'db', says: 'no volume is mounted', severity: 'info' }],
    },
    {
      title: 'mounted, in memory on purpose, moved elsewhere, a cache',
      files: {
        'compose.yaml': `services:
  a: { image: "postgres:17", volumes: ["data:/var/lib/postgresql/data"] }
  b: { image: "postgres:17", tmpfs: [/var/lib/postgresql/data] }
  c: { image: "mongo:8", command: [--dbpath, /srv/db], volumes: ["other:/srv"] }
  d: { image: "redis:7" }
volumes: { data: {}, other: {} }
`,
      },
      finds: [],
    },
  ],
}

/** Published for this machine alone: for the tools of whoever works on the program. */
const isForTools = ({ model }: ServiceEvidence): boolean =>
  model.ports.length > 0 && !model.ports.some(isOpen)

const mayKeep = (
  { model, build, environment }: ServiceEvidence,
  data: readonly string[],
): boolean => {
  // Somebody's own image on this base may be no server at all, or hold its data ready-made.
  if (build !== undefined || model.volumesFrom.length > 0) return true
  if (model.volumes.some(({ type }) => type === 'volume' || type === 'cluster')) return true
  const targets = [
    ...model.volumes.map(({ target }) => target),
    ...model.tmpfs.map((one) => one.split(':')[0] ?? ''),
  ]
  const moved = environment.get('PGDATA')?.value
  const paths = moved === undefined ? data : [moved, ...data]
  return targets.some((target) =>
    paths.some((path) => isWithin(path, target) || isWithin(target, path)),
  )
}

const isWithin = (path: string, folder: string): boolean => {
  const plain = folder.replace(/\/+$/, '')
  return path === plain || path.startsWith(`${plain}/`)
}
