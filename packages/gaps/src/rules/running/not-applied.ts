import { factAt, wholeFile } from '../../place.ts'
import type { Rule } from '../rule.ts'
import { seenAt } from './observed.ts'
import { sampleFiles, sampleRunning } from './sample.ts'

const applyAll = 'Apply the stack: keelson up, or docker compose up -d'

/** A file was changed, and what runs is still of before. */
export const notApplied: Rule = {
  id: 'running/not-applied',
  title: 'Changed and not applied',
  severity: 'warning',
  why: `The fix is in the file, is reviewed and merged, and the old settings run on until the next restart,
which then changes more than anybody expects.`,
  joins: ['files of the stack', 'what the running instances were started with'],
  fix: 'Apply the files.',
  *find({ running, services, files, tree }) {
    if (running === undefined) return
    for (const { service, file, what } of running.notApplied) {
      const at = services.get(service)?.at
      const changed = file !== undefined && tree.has(file) ? wholeFile(file) : undefined
      const place = changed ?? at ?? wholeFile(files[0] ?? '')
      yield {
        ...(at === undefined ? {} : { service }),
        message: `${service} runs as it was before: ${what}`,
        evidence: [
          factAt(place, what),
          factAt(at ?? place, seenAt(running, 'runs with what it had before')),
        ],
        fix:
          at === undefined
            ? applyAll
            : `Apply it: keelson up ${service}, or docker compose up -d ${service}`,
        subject: `${service} ${file ?? ''}`,
      }
    }
  },
  examples: [
    {
      title: 'a changed image',
      files: sampleFiles,
      running: sampleRunning({
        notApplied: [
          { service: 'api', file: 'compose.yaml', what: 'the image is another in compose.yaml' },
        ],
      }),
      finds: [{ service: 'api', says: 'the image is another' }],
    },
    { title: 'all is applied', files: sampleFiles, running: sampleRunning({}), finds: [] },
  ],
}
