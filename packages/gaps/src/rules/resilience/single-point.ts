import { factAt } from '../../place.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { isForTests } from '../../systems/purpose.ts'

/** What watches may stop, and the requests go on. */
const watchers = new Set([
  'traces',
  'metrics',
  'logs',
  'dashboard',
  'alerting',
  'exporter',
  'admin',
])

/** Fewer services than this are no system to speak of. */
const serviceCountMin = 5
/** Every pair is looked at: more than this is nobody's system. */
const serviceCountMax = 300

/** One instance on which most of the stack rests. */
export const singlePoint: Rule = {
  id: 'resilience/single-point',
  title: 'Single point of failure',
  severity: 'info',
  why: `When the one instance that most services need stops, all of them stop. It is worth knowing which one
that is before it happens, and that its restart is the outage of everything.`,
  joins: ['depends_on', 'replicas'],
  fix: 'Run a second instance where the program can, and make its restart quick and watched where not.',
  *find(system) {
    const { services } = system
    if (services.size < serviceCountMin || services.size > serviceCountMax) return
    if (isForTests(system)) return
    const candidates = [...services.values()]
      .filter(({ model, image }) => model.replicas < 2 && !watchers.has(image?.known?.kind ?? ''))
      .map((service) => ({ service, dependents: dependentsOf(service.name, system) }))
      .filter(({ dependents }) => dependents.length * 2 > services.size)
      .toSorted((a, b) => b.dependents.length - a.dependents.length)
    const [worst] = candidates
    if (worst === undefined) return
    const { service, dependents } = worst
    yield {
      service: service.name,
      message: `${dependents.length} of ${services.size} services need ${service.name}, of which there is one instance`,
      evidence: [
        factAt(service.at, 'one instance'),
        ...dependents
          .filter(({ model }) => Object.hasOwn(model.dependsOn, service.name))
          .slice(0, 3)
          .map((one) => factAt(one.place('depends_on', service.name), `${one.name} needs it`)),
      ],
      fix: `Watch ${service.name} first, and run a second instance if it can be shared`,
      subject: 'single',
    }
  },
  examples: [
    {
      title: 'everything needs the one broker',
      files: {
        'compose.yaml': `services:
  broker: { image: "rabbitmq:4" }
  a: { image: "example/a:1", depends_on: [broker] }
  b: { image: "example/b:1", depends_on: [broker] }
  c: { image: "example/c:1", depends_on: [a] }
  d: { image: "example/d:1" }
`,
      },
      finds: [{ service: 'broker', says: '3 of 5' }],
    },
    {
      title: 'a small stack, and one with two instances',
      files: {
        'compose.yaml': `services:
  broker: { image: "nats:2", scale: 2 }
  a: { image: "example/a:1", depends_on: [broker] }
  b: { image: "example/b:1", depends_on: [broker] }
  c: { image: "example/c:1", depends_on: [broker] }
  d: { image: "example/d:1" }
`,
        'small/compose.yaml': `services:
  db: { image: "postgres:17" }
  a: { image: "example/a:1", depends_on: [db] }
`,
      },
      finds: [],
    },
  ],
}

/** Everything that needs it, also by way of others; jobs that only must have ended do not count. */
const dependentsOf = (name: string, { services }: System): readonly ServiceEvidence[] => {
  const found = new Map<string, ServiceEvidence>()
  const queue = [name]
  while (queue.length > 0) {
    const target = queue.pop() ?? ''
    for (const service of services.values()) {
      const dependency = service.model.dependsOn[target]
      if (dependency === undefined || found.has(service.name) || service.name === name) continue
      if (dependency.condition === 'service_completed_successfully') continue
      found.set(service.name, service)
      queue.push(service.name)
    }
  }
  return [...found.values()]
}
