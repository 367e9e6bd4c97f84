import type {
  Drift,
  Stack,
  StackObservation,
  StackRevision,
  StackState,
  StackUsage,
  StartTimeline,
} from '@keelson/contract'
import type { Readable } from './readable-to.ts'

/*
 * Answers about a stack as a whole, with what somebody may read of its services. That a service is
 * there, and the state it is in, is no secret (`status:read`); the rest of one is left out.
 */

/**
 * `drift` is all of the stack's. Names stay: who applies some services of a file by name
 * (`keelson up web`) keeps the others that are there, and would remove those it does not know of.
 */
export const stackFor = (stack: Stack, drift: readonly Drift[], readable: Readable): Stack => {
  const hidden = stack.services.filter((name) => !readable.mayRead(name)).length
  return {
    ...stack,
    driftCount: driftFor(drift, readable).length,
    may: readable.rights,
    ...(hidden === 0 ? {} : { hidden }),
  }
}

const driftFor = (drift: readonly Drift[], { mayRead }: Readable): Drift[] =>
  drift.filter(({ service }) => service === null || mayRead(service))

export const stateFor = (state: StackState, readable: Readable): StackState => ({
  ...state,
  stack: stackFor(state.stack, state.drift, readable),
  services: state.services.filter(({ summary }) => readable.mayRead(summary.name)),
  drift: driftFor(state.drift, readable),
  rollouts: state.rollouts.filter(({ service }) => readable.mayReadId(service)),
})

export const startFor = (start: StartTimeline, { mayRead }: Readable): StartTimeline => ({
  ...start,
  spans: start.spans.filter(({ service }) => mayRead(service)),
  criticalPath: start.criticalPath.filter(mayRead),
})

export const usageFor = (usage: StackUsage, { mayRead }: Readable): StackUsage => ({
  ...usage,
  instances: usage.instances.filter(({ service }) => mayRead(service)),
})

/**
 * A revision as it was applied; `readable` knows the services that it had. Its text is one, and
 * cannot be taken apart: a value may look like the end of a clause.
 */
export const revisionFor = (revision: StackRevision, readable: Readable): StackRevision => {
  const { hidden, mayApply, mayReadGateway } = readable
  const untold = mayApply ? [] : [...hidden, ...(mayReadGateway ? [] : ['gateway'])]
  if (!untold.some((name) => hasClauseOf(name, revision.text))) return revision
  return { ...revision, text: 'What it changed is not all yours to see' }
}

/** `api: image changed; cache is new`, also after `Back to revision 3: `. */
const hasClauseOf = (name: string, text: string): boolean =>
  [': ', ' is '].some((after) =>
    ['; ', ': '].some((before) => `; ${text}`.includes(`${before}${name}${after}`)),
  )

/** Instances that may not be read keep their state: without it they would seem not to run. */
export const observationFor = (
  observation: StackObservation,
  { mayRead, stack }: Readable,
): StackObservation => ({
  ...observation,
  instances: observation.instances.map((instance) => {
    if (mayRead(instance.service)) return instance
    const { listens: _listens, ...state } = instance
    return { ...state, reason: '' }
  }),
  requests: observation.requests.filter(({ service }) => mayRead(service)),
  notApplied: observation.notApplied.filter(({ service }) => service === stack || mayRead(service)),
})
