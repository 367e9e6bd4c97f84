import type { RunningEvidence } from '../../systems/system.ts'

/** What was seen of a stack in which all is well, for the examples; each changes one thing. */
export const sampleRunning = (changes: Partial<RunningEvidence>): RunningEvidence => ({
  at: '2026-11-21T12:00:00Z',
  ...{ instances: [runs('api'), runs('db')], strangers: [], listeners: [], requests: [] },
  ...{ scrapes: [], notApplied: [], ...changes },
})

export const runs = (
  service: string,
  changes: Partial<RunningEvidence['instances'][number]> = {},
): RunningEvidence['instances'][number] => ({
  ...{ service, name: `shop-${service}-1`, isRunning: true, isHealthy: true, reason: 'running' },
  ...{ listens: undefined, ...changes },
})

export const sampleFiles = {
  'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    ports: ["8000:8000"]
  db:
    image: postgres:17
`,
}
