import { factAt } from '../../place.ts'
import { hostPortsOf } from '../network/port-ranges.ts'
import type { Rule } from '../rule.ts'
import { observedOf, seenAt } from './observed.ts'
import { runs, sampleFiles, sampleRunning } from './sample.ts'

/** Somebody else on this host has the port that a service is to publish. */
export const portTaken: Rule = {
  id: 'running/port-taken',
  title: 'Port of the host taken by another',
  severity: 'error',
  why: `"address already in use" at the next start: a database of the distribution, a forgotten shell, a
second checkout of the same project. While the stack is down nobody sees it coming.`,
  joins: ['compose ports', 'listeners of this host'],
  fix: 'Stop the other, or publish on another port.',
  *find(system) {
    const { running } = system
    if (running === undefined) return
    const down = new Set(
      observedOf(system)
        .filter(({ instances }) => !instances.some(({ isRunning }) => isRunning))
        .map(({ service }) => service.name),
    )
    for (const { service, at, port, protocol } of hostPortsOf(system)) {
      if (!down.has(service.name)) continue
      const taken = running.listeners.find((one) => one.port === port && one.protocol === protocol)
      if (taken === undefined) continue
      const who = taken.owner ?? 'another program'
      yield {
        service: service.name,
        message: `${service.name} is to publish port ${port}, which ${who} has`,
        evidence: [
          factAt(at, `publishes ${port}/${protocol}`),
          factAt(at, seenAt(running, `${who} listens on ${port}`)),
        ],
        fix: `Stop ${who}, or publish ${service.name} on another port`,
        subject: `${port}/${protocol}`,
      }
    }
  },
  examples: [
    {
      title: 'another program has the port',
      files: sampleFiles,
      running: sampleRunning({
        instances: [runs('db')],
        listeners: [{ port: 8000, protocol: 'tcp', owner: 'python3 (pid 4711)' }],
      }),
      finds: [{ service: 'api', says: 'which python3 (pid 4711) has' }],
    },
    {
      title: 'it is the service that listens',
      files: sampleFiles,
      running: sampleRunning({
        listeners: [{ port: 8000, protocol: 'tcp', owner: 'docker-proxy' }],
      }),
      finds: [],
    },
  ],
}
