import assert from 'node:assert/strict'
import type { Phase } from '@keelson/contract'

/** What can happen to an instance. */
export type Happening =
  | 'begin' // it is wanted (again)
  | 'ready' // what it waits for is there
  | 'started'
  | 'completed' // ended, and was meant to
  | 'retry' // ended or did not start; a next start is timed
  | 'give_up' // ended or did not start; there will be no next start
  | 'due' // the time of the next start has come
  | 'stop' // it is to end, for good or to be started anew
  | 'ended' // nothing of it is left

/** Every legal step of an instance. What is not here cannot happen, and asserts. */
const transitions: Record<Phase, Partial<Record<Happening, Phase>>> = {
  waiting: { ready: 'starting', stop: 'stopping' },
  starting: { started: 'running', retry: 'backoff', give_up: 'failed', stop: 'stopping' },
  running: { completed: 'completed', retry: 'backoff', give_up: 'failed', stop: 'stopping' },
  // Started again by somebody else, while it waited or had been given up.
  backoff: { due: 'starting', begin: 'waiting', stop: 'stopping', started: 'running' },
  completed: { begin: 'waiting', stop: 'stopping' },
  failed: { begin: 'waiting', stop: 'stopping', started: 'running' },
  // Asked for again when an engine went away in the middle.
  stopping: { ended: 'stopped', stop: 'stopping' },
  // Found running by a new Keelson, or stopped because it was unhealthy.
  stopped: {
    begin: 'waiting',
    stop: 'stopping',
    started: 'running',
    retry: 'backoff',
    give_up: 'failed',
  },
}

export const isLegal = (phase: Phase, happening: Happening): boolean =>
  transitions[phase][happening] !== undefined

/** The phase after a happening. Throws for a step that is not in the table. */
export const nextPhase = (phase: Phase, happening: Happening): Phase => {
  const next = transitions[phase][happening]
  assert.ok(next !== undefined, `an instance that is ${phase} cannot see '${happening}'`)
  return next
}
