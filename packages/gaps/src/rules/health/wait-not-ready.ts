import type { Edit } from '../../fix/edit.ts'
import { factAt } from '../../place.ts'
import type { ServiceEvidence } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { doubtsOf, type Doubt } from './check-doubts.ts'
import { checkOf } from './checks.ts'

/** The dependency can tell when it is ready, and nobody waits for it. */
export const waitNotReady: Rule = {
  id: 'health/wait-not-ready',
  title: 'Starts before its dependency is ready',
  severity: 'info',
  why: `Without a condition, \`depends_on\` waits until the container is started, not until it answers. A
service that gives up after the first refused connection fails on a cold start and works on the second
try, which is why nobody sees it until the machine reboots. Many programs ask again until somebody
answers; whether this one does, no file tells.`,
  joins: ['depends_on', 'compose healthcheck', 'Dockerfile HEALTHCHECK'],
  fix: 'Wait with `condition: service_healthy`.',
  fixable: 'always',
  *find(system) {
    const { services } = system
    let doubts: ReadonlyMap<string, Doubt> | undefined
    for (const service of services.values()) {
      for (const [target, { condition }] of Object.entries(service.model.dependsOn)) {
        const other = services.get(target)
        const check = other && checkOf(other)
        if (other === undefined || check === undefined || condition !== 'service_started') continue
        // Written out it is somebody's decision, as is a dependency that a link implies.
        const isChosen = hasOwnPlace(service, target)
        if (isChosen || !service.isWritten('depends_on', target)) continue
        const targets = waitedFor(service, services, target)
        doubts ??= doubtsOf(system)
        const doubt = firstDoubt(doubts, [target, ...targets])
        yield {
          service: service.name,
          message: `${service.name} does not wait until ${target} is healthy, although ${target} has a health check`,
          evidence: [
            factAt(service.place('depends_on', target), 'waits until it is started'),
            factAt(check.at, 'the health check'),
          ],
          fix:
            doubt === undefined
              ? `depends_on: { ${target}: { condition: service_healthy } }`
              : `Mend the check of ${doubt.target} first (${doubt.rule}: ${doubt.message}), then wait with condition: service_healthy`,
          subject: target,
          edits: doubt === undefined ? [waitFor(service, target, targets)] : [],
        }
      }
    }
  },
  examples: [
    {
      title: 'the check of the database is not waited for',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    depends_on: [db]
  db:
    image: postgres:17
    healthcheck: { test: [CMD, pg_isready] }
`,
      },
      finds: [{ service: 'api', says: 'does not wait until db' }],
    },
    {
      title: 'a check that cannot pass: it has to be mended first',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    depends_on: [db]
  db:
    image: postgres:17
    healthcheck: { test: [CMD, curl, -f, "http://localhost:5432"] }
`,
      },
      finds: [{ service: 'api', says: 'does not wait until db' }],
    },
    {
      title: 'it is waited for, or somebody decided that it is not',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    depends_on:
      db: { condition: service_healthy }
      cache: { condition: service_started }
  db:
    image: postgres:17
    healthcheck: { test: [CMD, pg_isready] }
  cache:
    image: redis:7
    healthcheck: { test: [CMD, redis-cli, ping] }
`,
      },
      finds: [],
    },
  ],
}

/** Of the short form (`- db`) the condition is where the name is. */
const hasOwnPlace = ({ place }: ServiceEvidence, target: string): boolean => {
  const [name, condition] = [place('depends_on', target), place('depends_on', target, 'condition')]
  return name.line !== condition.line || name.column !== condition.column
}

/**
 * The long form says something of every name in the list: so that none of them is taken for decided,
 * it waits for all that have a check.
 */
const waitedFor = (
  service: ServiceEvidence,
  services: ReadonlyMap<string, ServiceEvidence>,
  target: string,
): readonly string[] => {
  const { file } = service.place('depends_on', target)
  return Object.entries(service.model.dependsOn)
    .filter(([name, { condition }]) => {
      const other = services.get(name)
      const hasCheck = other !== undefined && checkOf(other) !== undefined
      const isShort = service.isWritten('depends_on', name) && !hasOwnPlace(service, name)
      return hasCheck && isShort && condition === 'service_started'
    })
    .map(([name]) => name)
    .filter((name) => service.place('depends_on', name).file === file)
}

const waitFor = (service: ServiceEvidence, target: string, targets: readonly string[]): Edit => {
  const { file } = service.place('depends_on', target)
  return { kind: 'wait', file, service: service.name, targets }
}

/** Its own is told before that of another name in the list. */
const firstDoubt = (doubts: ReadonlyMap<string, Doubt>, names: readonly string[]) => {
  const target = names.find((name) => doubts.has(name))
  const doubt = target === undefined ? undefined : doubts.get(target)
  return target === undefined || doubt === undefined ? undefined : { target, ...doubt }
}
