import { factAt } from '../../place.ts'
import type { Rule } from '../rule.ts'
import { observedOf, seenAt } from './observed.ts'
import { runs, sampleFiles, sampleRunning } from './sample.ts'

/** Fewer say nothing; a smaller share is what any service has. */
const requestsMin = 20
const failedShareMin = 0.05

/** It is healthy by its own check, and fails its requests. */
export const failingWhileHealthy: Rule = {
  id: 'running/failing-while-healthy',
  title: 'Healthy by its own check, failing its requests',
  severity: 'error',
  why: `A check that only asks whether the port is open stays green while every request ends in 500. Load
balancers keep sending, restarts do not come, and the status page says that all is well.`,
  joins: ['health checks', 'requests counted at the gateway'],
  fix: 'Let the check ask for something that needs what the requests need.',
  *find(system) {
    const { running } = system
    for (const { service, instances } of observedOf(system)) {
      const requests = running?.requests.find((one) => one.service === service.name)
      if (running === undefined || requests === undefined || requests.count < requestsMin) continue
      const alive = instances.filter(({ isRunning }) => isRunning)
      const isHealthy = alive.length > 0 && alive.every((one) => one.isHealthy === true)
      if (!isHealthy || requests.failed / requests.count < failedShareMin) continue
      const share = Math.round((100 * requests.failed) / requests.count)
      const seen = `${requests.failed} of ${requests.count} requests failed`
      yield {
        service: service.name,
        message: `${service.name} is healthy by its own check, and ${share} % of its requests fail`,
        evidence: [
          factAt(service.place('healthcheck'), seenAt(running, 'the check passes')),
          factAt(service.at, seenAt(running, seen)),
        ],
        fix: `Let the check of ${service.name} do what a request does, against what the requests need`,
        subject: 'failing',
      }
    }
  },
  examples: [
    {
      title: 'half of the requests fail',
      files: sampleFiles,
      running: sampleRunning({ requests: [{ service: 'api', count: 200, failed: 100 }] }),
      finds: [{ service: 'api', says: '50 % of its requests fail' }],
    },
    {
      title: 'few fail, few came, or the check knows',
      files: sampleFiles,
      running: sampleRunning({
        instances: [runs('api'), runs('db', { isHealthy: false, reason: 'probe failed' })],
        requests: [
          { service: 'api', count: 1000, failed: 3 },
          { service: 'db', count: 100, failed: 100 },
        ],
      }),
      finds: [],
    },
  ],
}

/** It says itself that it is not well. */
export const unhealthy: Rule = {
  id: 'running/unhealthy',
  title: 'Unhealthy by its own check',
  severity: 'error',
  why: `Docker marks a container unhealthy and does nothing else with it; without an orchestrator it stays
so for weeks (moby/moby#28400).`,
  joins: ['health checks', 'instances seen running'],
  fix: 'See why the check fails, and have something act on it.',
  *find(system) {
    const { running } = system
    for (const { service, instances } of observedOf(system)) {
      const ill = instances.filter(({ isRunning, isHealthy }) => isRunning && isHealthy === false)
      const [first] = ill
      if (running === undefined || first === undefined) continue
      yield {
        service: service.name,
        message: `${ill.length} of ${instances.length} instances of ${service.name} are unhealthy: ${first.reason}`,
        evidence: [
          factAt(service.at, seenAt(running, `${first.name}: ${first.reason}`)),
          factAt(service.place('healthcheck'), 'its check'),
        ],
        fix: `Look at the log of ${first.name} and at what its check asks`,
        subject: 'unhealthy',
      }
    }
  },
  examples: [
    {
      title: 'a probe that fails',
      files: sampleFiles,
      running: sampleRunning({
        instances: [
          runs('api', { isHealthy: false, reason: 'GET /health answered 503' }),
          runs('db'),
        ],
      }),
      finds: [{ service: 'api', says: 'answered 503' }],
    },
    {
      title: 'one without a check',
      files: sampleFiles,
      running: sampleRunning({ instances: [runs('api', { isHealthy: undefined }), runs('db')] }),
      finds: [],
    },
  ],
}
