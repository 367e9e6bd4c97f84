import { changeLine, type Healthy } from '../healthy.ts'
import { operator, type Mutant } from '../mutant.ts'

function* commented(healthy: Healthy, comment: string): Generator<Mutant> {
  for (const { name, at } of healthy.system.services.values()) {
    const changes = changeLine(healthy, at, (line) => `  # ${comment}\n${line}`)
    if (changes !== undefined) yield { about: name, changes }
  }
}

export const suppressionOperators = [
  operator({
    rule: 'suppression/stale',
    breaks: 'a comment leaves out what is not found',
    *mutants(healthy) {
      yield* commented(healthy, 'keelson-ignore missing/build-context: it is made by the pipeline')
    },
  }),
  operator({
    rule: 'suppression/no-reason',
    breaks: 'a comment leaves something out without a reason',
    *mutants(healthy) {
      yield* commented(healthy, 'keelson-ignore health/no-check')
    },
    also: ['suppression/stale'],
  }),
  operator({
    rule: 'suppression/unknown-rule',
    breaks: 'a comment names a rule that there is not',
    *mutants(healthy) {
      yield* commented(healthy, 'keelson-ignore health/no-probes: asked from outside')
    },
  }),
]
