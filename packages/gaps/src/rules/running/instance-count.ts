import { factAt } from '../../place.ts'
import type { Rule } from '../rule.ts'
import { isOneShot, observedOf, seenAt } from './observed.ts'
import { runs, sampleRunning } from './sample.ts'

/** The file asks for another number of instances than run. */
export const instanceCount: Rule = {
  id: 'running/instance-count',
  title: 'Another number of instances than declared',
  severity: 'warning',
  why: `Two of three workers gone is a third of the capacity, and nothing is down: it shows as a queue that
grows on the busiest day.`,
  joins: ['deploy.replicas and scale', 'instances seen running'],
  fix: 'Find out why the others do not run, or correct the number.',
  *find(system) {
    const { running } = system
    for (const { service, instances } of observedOf(system)) {
      const { replicas } = service.model
      const alive = instances.filter(({ isRunning }) => isRunning).length
      // None at all is a finding of its own.
      if (running === undefined || alive === 0 || alive === replicas || !service.isEnabled) continue
      if (isOneShot(system, service) || service.model.deploy?.mode === 'global') continue
      const ended = instances.find(({ isRunning }) => !isRunning)
      const key = service.isWritten('deploy', 'replicas') ? ['deploy', 'replicas'] : ['scale']
      yield {
        service: service.name,
        message: `${service.name} runs ${alive} of ${replicas} declared instances`,
        evidence: [
          factAt(service.place(...key), `${replicas} declared`),
          factAt(
            service.at,
            seenAt(
              running,
              ended === undefined ? `${alive} running` : `${ended.name}: ${ended.reason}`,
            ),
          ),
        ],
        fix:
          alive < replicas
            ? `Start the other ${replicas - alive}, or declare ${alive}`
            : `Declare ${alive}, or stop ${alive - replicas}`,
        subject: 'count',
      }
    }
  },
  examples: [
    {
      title: 'one of three is gone',
      files: {
        'compose.yaml':
          'services:\n  worker:\n    image: registry.example.com/worker:1\n    deploy: { replicas: 3 }\n',
      },
      running: sampleRunning({
        instances: [
          runs('worker'),
          runs('worker', { name: 'shop-worker-2' }),
          runs('worker', {
            name: 'shop-worker-3',
            isRunning: false,
            reason: 'killed: out of memory',
          }),
        ],
      }),
      finds: [{ service: 'worker', says: '2 of 3' }],
    },
    {
      title: 'all of them run',
      files: {
        'compose.yaml':
          'services:\n  worker:\n    image: registry.example.com/worker:1\n    scale: 2\n',
      },
      running: sampleRunning({
        instances: [runs('worker'), runs('worker', { name: 'shop-worker-2' })],
      }),
      finds: [],
    },
  ],
}
