import { factAt, wholeFile } from '../../place.ts'
import type { Rule } from '../rule.ts'
import { seenAt } from './observed.ts'
import { sampleFiles, sampleRunning } from './sample.ts'

/** Something of the stack runs that no file declares. */
export const stranger: Rule = {
  id: 'running/stranger',
  title: 'Running and not declared',
  severity: 'warning',
  why: `A container that was renamed in the file keeps running under its old name: two workers take the
same jobs, an old version answers on the old port, and nobody updates it.`,
  joins: ['containers and processes seen', 'compose services'],
  fix: 'Declare it, or remove it (`docker compose up --remove-orphans`).',
  *find({ running, files, name }) {
    for (const { name: container, image } of running?.strangers ?? []) {
      if (running === undefined) return
      const what = image === undefined ? container : `${container} (${image})`
      const file = wholeFile(files[0] ?? '')
      yield {
        message: `${what} runs as part of ${name}, and no file declares it`,
        evidence: [
          factAt(file, seenAt(running, `${what} is running`)),
          factAt(file, 'no service of that name'),
        ],
        fix: `Declare it, or remove it: docker rm -f ${container}`,
        subject: container,
      }
    }
  },
  examples: [
    {
      title: 'a worker that was renamed',
      files: sampleFiles,
      running: sampleRunning({
        strangers: [{ name: 'shop-worker-1', image: 'registry.example.com/api:1' }],
      }),
      finds: [{ service: '-', says: 'shop-worker-1' }],
    },
    { title: 'nothing else runs', files: sampleFiles, running: sampleRunning({}), finds: [] },
  ],
}
