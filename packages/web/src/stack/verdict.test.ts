import type { StackState, State } from '@keelson/contract'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { services as known, stacks } from '../test-fixture/fixture-data.ts'
import { stackStateOf } from '../test-fixture/fixture-stack.ts'
import { verdictOf } from './verdict.ts'

type Given = { states: Record<string, State>; drifted?: boolean; updating?: boolean }

/** A stack with these services; `web!` suffers from another. */
const stateOf = ({ states, drifted = false, updating = false }: Given): StackState => {
  const [stack] = stacks
  const [sample] = known
  assert.ok(stack !== undefined && sample !== undefined)
  const services = Object.entries(states).map(([name, state]) => ({
    ...sample,
    id: `shop/${name}`,
    name: name.replace('!', ''),
    state,
    cause: name.endsWith('!') ? ({ kind: 'service', text: '' } as const) : null,
  }))
  const state = stackStateOf(stack, services)
  return {
    ...state,
    drift: drifted ? state.drift : [],
    rollouts: state.rollouts.filter(({ endedAt }) => updating || endedAt !== null),
  }
}

const cases: [given: Given, state: State, sentence: string][] = [
  [{ states: {} }, 'stopped', 'Nothing is declared'],
  [{ states: { web: 'healthy' } }, 'healthy', 'Its service is healthy, as applied'],
  [
    { states: { web: 'healthy', api: 'healthy' } },
    'healthy',
    'All 2 services are healthy, as applied',
  ],
  [
    { states: { web: 'healthy', job: 'stopped' } },
    'healthy',
    '1 service healthy, 1 stopped, as applied',
  ],
  [{ states: { a: 'stopped', b: 'stopped' } }, 'stopped', '2 services stopped, as applied'],
  [
    { states: { api: 'unhealthy', 'web!': 'degraded', db: 'healthy' }, updating: true },
    'unhealthy',
    'api is down; web affected; orders is being updated',
  ],
  [
    { states: { web: 'healthy', api: 'healthy' }, drifted: true },
    'healthy',
    'All 2 services are healthy; 3 things drifted',
  ],
  [
    { states: { a: 'starting', b: 'starting', c: 'starting', d: 'starting', e: 'unknown' } },
    'unknown',
    'e is out of sight; a, b, c and 1 more are starting',
  ],
]
for (const [given, state, sentence] of cases) {
  test(sentence, () => assert.deepEqual(verdictOf(stateOf(given)), { state, sentence }))
}
