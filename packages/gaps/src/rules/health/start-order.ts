import { factAt } from '../../place.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'

const servers = new Set(['database', 'cache', 'broker', 'search', 'object store', 'gateway'])

/** An order in which the services can never start. */
export const startOrder: Rule = {
  id: 'health/start-order',
  title: 'Start order that cannot work',
  severity: 'error',
  why: `Two services that wait for each other, or one that waits for the end of a server: the first
\`docker compose up\` on a clean machine hangs or is refused, often long after the line was written, because
until then everything was running already.`,
  joins: ['depends_on', 'restart policy', 'known images'],
  fix: 'Take one of the waits away.',
  *find(system) {
    yield* findCycles(system)
    for (const service of system.services.values()) yield* waitsForEnd(service, system)
  },
  examples: [
    {
      title: 'two that wait for each other',
      files: {
        'compose.yaml': `services:
  a:
    image: example/a:1
    depends_on: [b]
  b:
    image: example/b:1
    depends_on: [a]
`,
      },
      finds: [{ service: 'a', says: 'a → b → a' }],
    },
    {
      title: 'waits for the end of what is always started again',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    depends_on: { migrate: { condition: service_completed_successfully } }
  migrate:
    image: example/migrate:1
    restart: always
`,
      },
      finds: [{ service: 'api', says: 'never ends' }],
    },
    {
      title: 'a job that ends, and two that share a dependency',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    depends_on:
      migrate: { condition: service_completed_successfully }
      db: { condition: service_started }
  migrate:
    image: example/migrate:1
    restart: on-failure
    depends_on: [db]
  db:
    image: example/db:1
`,
      },
      finds: [],
    },
  ],
}

function* waitsForEnd(service: ServiceEvidence, { services }: System): Generator<Found> {
  for (const [target, { condition }] of Object.entries(service.model.dependsOn)) {
    const other = services.get(target)
    if (other === undefined || condition !== 'service_completed_successfully') continue
    const { model, image, build, isWritten } = other
    const restarts =
      model.restart.condition === 'always' || model.restart.condition === 'unless-stopped'
    const isServer =
      build === undefined &&
      model.command === undefined &&
      model.entrypoint === undefined &&
      servers.has(image?.known?.kind ?? '')
    if (!restarts && !isServer) continue
    const key = isWritten('restart') ? ['restart'] : ['deploy', 'restart_policy']
    yield {
      service: service.name,
      message: `${service.name} waits until ${target} has ended, and ${target} never ends`,
      evidence: [
        factAt(
          service.place('depends_on', target, 'condition'),
          'condition: service_completed_successfully',
        ),
        restarts
          ? factAt(other.place(...key), `restart: ${model.restart.condition}`)
          : factAt(other.place('image'), `${image?.name ?? ''} is a server`),
      ],
      fix: restarts ? `Set restart: "no" or on-failure for ${target}` : 'Wait for service_healthy',
      subject: `end of ${target}`,
    }
  }
}

/** Each cycle once, told by the first of its services. */
function* findCycles({ services }: System): Generator<Found> {
  const isDone = new Set<string>()
  for (const start of services.keys()) {
    const cycle = cycleFrom(start, services, isDone)
    const [first, second] = cycle ?? []
    if (cycle === undefined || first === undefined) continue
    const evidence = cycle.slice(0, 8).map((name, index) => {
      const next = cycle[(index + 1) % cycle.length] ?? first
      const at = services.get(name)?.place('depends_on', next)
      return at === undefined ? [] : [factAt(at, `${name} waits for ${next}`)]
    })
    const [head, ...rest] = evidence.flat()
    if (head === undefined) continue
    yield {
      service: first,
      message: `services wait for each other: ${[...cycle, first].join(' → ')}`,
      evidence: [head, ...rest],
      fix: `Take depends_on ${second ?? first} out of ${first}, or the next one in the circle`,
      subject: 'cycle',
    }
  }
}

/** The path from `start` back to one on the path, without recursion: chains may be long. */
const cycleFrom = (
  start: string,
  services: System['services'],
  isDone: Set<string>,
): readonly string[] | undefined => {
  const path: { name: string; rest: string[] }[] = []
  const enter = (name: string) => {
    path.push({ name, rest: Object.keys(services.get(name)?.model.dependsOn ?? {}) })
  }
  if (!isDone.has(start)) enter(start)
  while (path.length > 0) {
    const next = path.at(-1)?.rest.pop()
    if (next === undefined) {
      isDone.add(path.pop()?.name ?? '')
      continue
    }
    const seen = path.findIndex(({ name }) => name === next)
    if (seen !== -1) {
      const cycle = path.slice(seen).map(({ name }) => name)
      path.forEach(({ name }) => isDone.add(name))
      return cycle
    }
    if (!isDone.has(next) && services.has(next)) enter(next)
  }
  return undefined
}
