import type { Edit } from '../../fix/edit.ts'
import { factAt } from '../../place.ts'
import type { ServiceEvidence } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { isForTests } from '../../systems/purpose.ts'
import { isJob } from './checks.ts'

/** Other services of the stack come back after a crash, and this one does not. */
export const noRestart: Rule = {
  id: 'health/no-restart',
  title: 'No restart policy',
  severity: 'info',
  isMilderInDevelopment: true,
  why: `Without a restart policy a service that crashed, or was there when the machine rebooted, stays down
until somebody notices. Graver where the rest of the stack has one: then it was forgotten.`,
  joins: ['restart', 'deploy.restart_policy', 'the other services'],
  fix: 'Add `restart: unless-stopped`.',
  fixable: 'always',
  *find(system) {
    if (isForTests(system)) return
    const lasting = [...system.services.values()].filter(
      (service) =>
        service.isEnabled && service.model.runtime === 'container' && !isJob(service, system),
    )
    const restarted = lasting.filter(({ model }) => model.restart.condition !== 'no')
    const [example] = restarted
    // In a stack of which most have one it is an oversight, below that a habit.
    if (example === undefined || restarted.length * 3 < lasting.length * 2) return
    for (const service of lasting) {
      const { name, at, model, isWritten, isUnset } = service
      if (model.restart.condition !== 'no' || model.provider !== undefined) continue
      if (isWritten('restart') || isUnset('restart') || isWritten('deploy', 'restart_policy'))
        continue
      yield {
        service: name,
        severity: 'warning',
        message: `${name} is not started again after a crash, and ${restarted.length} of ${lasting.length} services are`,
        evidence: [
          factAt(at, 'no restart policy'),
          factAt(
            example.place(example.isWritten('restart') ? 'restart' : 'deploy'),
            `${example.name} has ${example.model.restart.condition}`,
          ),
        ],
        fix: `Add restart: ${example.model.restart.condition}`,
        subject: 'restart',
        edits: [restartAs(example.model.restart.condition, service)],
      }
    }
  },
  examples: [
    {
      title: 'the one that was forgotten',
      files: {
        'compose.yaml': `services:
  api: { image: "example/api:1", restart: unless-stopped }
  web: { image: "example/web:1", restart: unless-stopped }
  worker: { image: "example/worker:1" }
`,
      },
      finds: [{ service: 'worker', says: 'not started again' }],
    },
    {
      title: 'nobody in the stack has one',
      files: {
        'compose.yaml': `services:
  api: { image: "example/api:1" }
  web: { image: "example/web:1" }
`,
      },
      finds: [],
    },
    {
      title: 'a job ends, and one says that it is to stay down',
      files: {
        'compose.yaml': `services:
  api: { image: "example/api:1", restart: always, depends_on: { setup: { condition: service_completed_successfully } } }
  web: { image: "example/web:1", restart: always }
  cron: { image: "example/cron:1", restart: always }
  setup: { image: "example/setup:1" }
  debug: { image: "example/debug:1", restart: "no" }
`,
      },
      finds: [],
    },
  ],
}

/** As the others of the stack; `any` of a swarm's policy is what `unless-stopped` is here. */
const restartAs = (condition: string, { name, at }: ServiceEvidence): Edit => ({
  ...{ kind: 'set', file: at.file, keys: ['services', name, 'restart'] },
  value: condition === 'always' ? 'always' : 'unless-stopped',
})
