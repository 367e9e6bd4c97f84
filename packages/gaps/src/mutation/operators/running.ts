import type { RunningEvidence, ServiceEvidence } from '../../systems/system.ts'
import type { Healthy } from '../healthy.ts'
import { operator, type Mutant } from '../mutant.ts'

const noChanges = new Map<string, string | null>()

/** Everything as the files say it. */
const asDeclared = ({ system, name }: Healthy): RunningEvidence => ({
  at: '2026-01-01T12:00:00.000Z',
  instances: [...system.services.values()].flatMap((service) =>
    Array.from({ length: service.isEnabled ? service.model.replicas : 0 }, (_, index) => ({
      service: service.name,
      name: `${name}-${service.name}-${index + 1}`,
      isRunning: true,
      isHealthy: true,
      reason: 'the check passes',
      listens: undefined,
    })),
  ),
  ...{ strangers: [], listeners: [], requests: [], scrapes: [], notApplied: [] },
})

type Look = (seen: RunningEvidence, service: ServiceEvidence) => RunningEvidence | undefined

function* eachSeen(healthy: Healthy, look: Look): Generator<Mutant> {
  for (const service of healthy.system.services.values()) {
    if (!service.isEnabled) continue
    const running = look(asDeclared(healthy), service)
    if (running === undefined) continue
    yield { about: service.name, service: service.name, changes: noChanges, running }
  }
}

const changeInstances =
  (change: Partial<RunningEvidence['instances'][number]>): Look =>
  (seen, { name }) => ({
    ...seen,
    instances: seen.instances.map((one) => (one.service === name ? { ...one, ...change } : one)),
  })

export const runningOperators = [
  operator({
    rule: 'running/not-running',
    breaks: 'a service does not run',
    *mutants(healthy) {
      yield* eachSeen(healthy, (seen, service) =>
        service.model.restart === undefined
          ? undefined
          : changeInstances({ isRunning: false, isHealthy: undefined, reason: 'exited with 1' })(
              seen,
              service,
            ),
      )
    },
  }),
  operator({
    rule: 'running/unhealthy',
    breaks: 'the check of a service fails',
    *mutants(healthy) {
      yield* eachSeen(healthy, changeInstances({ isHealthy: false, reason: 'answered 503' }))
    },
  }),
  operator({
    rule: 'running/failing-while-healthy',
    breaks: 'a healthy service fails its requests',
    *mutants(healthy) {
      yield* eachSeen(healthy, (seen, { name }) => ({
        ...seen,
        requests: [{ service: name, count: 200, failed: 120 }],
      }))
    },
  }),
  operator({
    rule: 'running/instance-count',
    breaks: 'fewer instances run than are declared',
    *mutants(healthy) {
      yield* eachSeen(healthy, (seen, { name, model }) =>
        model.replicas < 2
          ? undefined
          : {
              ...seen,
              instances: seen.instances.filter(
                (one) => !(one.service === name && one.name.endsWith('-1')),
              ),
            },
      )
    },
  }),
  operator({
    rule: 'running/stranger',
    breaks: 'something runs that is not declared',
    *mutants(healthy) {
      const seen = asDeclared(healthy)
      const strangers = [{ name: `${healthy.name}-debug-1`, image: 'busybox:1.36' }]
      yield { about: 'debug', changes: noChanges, running: { ...seen, strangers } }
    },
  }),
  operator({
    rule: 'running/not-applied',
    breaks: 'a file was changed and not applied',
    *mutants(healthy) {
      yield* eachSeen(healthy, (seen, { name, at }) => ({
        ...seen,
        notApplied: [{ service: name, file: at.file, what: 'environment' }],
      }))
    },
  }),
  operator({
    rule: 'running/port-taken',
    breaks: 'another program has a port of the stack',
    *mutants(healthy) {
      yield* eachSeen(healthy, (seen, { name, model }) => {
        const published = Number(model.ports[0]?.published)
        return Number.isInteger(published)
          ? {
              ...seen,
              instances: seen.instances.map((one) =>
                one.service === name ? { ...one, isRunning: false, isHealthy: undefined } : one,
              ),
              listeners: [{ port: published, protocol: 'tcp', owner: 'nginx (pid 77)' }],
            }
          : undefined
      })
    },
    also: ['running/not-running'],
  }),
  operator({
    rule: 'running/scrape-down',
    breaks: 'a scrape target does not answer',
    *mutants(healthy) {
      const seen = asDeclared(healthy)
      for (const { job, targets, by } of healthy.system.scrapes) {
        if (by === undefined) continue
        for (const { host, port } of targets) {
          if (host === undefined || port === undefined) continue
          const scrapes = [{ job, host, port, isUp: false, reason: 'connection refused' }]
          yield { about: `${job}: ${host}`, changes: noChanges, running: { ...seen, scrapes } }
        }
      }
    },
  }),
]
