import { factAt } from '../../place.ts'
import type { Rule } from '../rule.ts'
import { dutyOf, isAtWork, observedOf, seenAt } from './observed.ts'
import { runs, sampleFiles, sampleRunning } from './sample.ts'

/** A service is declared and nothing of it runs. */
export const notRunning: Rule = {
  id: 'running/not-running',
  title: 'Declared and not running',
  severity: 'error',
  why: `The file says that it is there and nobody is. A container that gave up restarting, or one that was
stopped by hand for an afternoon, stays down until a user asks.`,
  joins: ['compose services', 'instances seen running'],
  fix: 'Start it, or take it out of the file.',
  *find(system) {
    const { running } = system
    for (const { service, instances } of observedOf(system)) {
      const duty = dutyOf(system, service, instances)
      if (running === undefined || isAtWork(duty, instances) !== false) continue
      const [last] = instances
      const reason = last?.reason ?? 'no instance of it exists'
      const isJob = duty === 'once'
      yield {
        service: service.name,
        message: isJob
          ? `${service.name} is to end well and did not: ${reason}`
          : `${service.name} is declared and not running: ${reason}`,
        evidence: [
          factAt(service.at, `${service.name} is declared`),
          factAt(service.at, seenAt(running, reason)),
        ],
        fix: isJob
          ? `Read why in the logs of ${service.name}, and start it again`
          : `Start ${service.name}, or take it out of the file`,
        subject: 'not running',
      }
    }
  },
  examples: [
    {
      title: 'a database that ended',
      files: sampleFiles,
      running: sampleRunning({
        instances: [runs('api'), runs('db', { isRunning: false, reason: 'exited with code 1' })],
      }),
      finds: [{ service: 'db', says: 'exited with code 1' }],
    },
    { title: 'all of it runs', files: sampleFiles, running: sampleRunning({}), finds: [] },
    {
      title: 'a migration that is done, a profile that is off, no replicas',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    depends_on: { migrate: { condition: service_completed_successfully } }
  migrate: { image: "registry.example.com/api:1" }
  debug: { image: "registry.example.com/debug:1", profiles: [debug] }
  spare: { image: "registry.example.com/api:1", scale: 0 }
`,
      },
      running: sampleRunning({
        instances: [
          runs('api'),
          runs('migrate', { isRunning: false, isDone: true, reason: 'completed' }),
        ],
      }),
      finds: [],
    },
    {
      title: 'a migration that failed',
      files: {
        'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    depends_on: { migrate: { condition: service_completed_successfully } }
  migrate: { image: "registry.example.com/api:1" }
`,
      },
      running: sampleRunning({
        instances: [
          runs('api'),
          runs('migrate', { isRunning: false, isDone: false, reason: 'exited with code 1' }),
        ],
      }),
      finds: [{ service: 'migrate', says: 'did not: exited with code 1' }],
    },
    { title: 'nobody looked', files: sampleFiles, finds: [] },
  ],
}
