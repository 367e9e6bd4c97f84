import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PlanAction, ServiceSpec, StackRevision } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import { signedIn } from '../../kernel/testing/index.ts'
import type { Registry, ServiceDeclaration } from '../../registry/index.ts'
import { serviceSpec } from '../testing/spec.ts'
import { planFor } from './readable-plan.ts'
import { revisionFor } from './readable-stack.ts'
import { readableTo } from './readable-to.ts'

const inner = { labels: { tier: 'inner' } }

/** Reads what has not the label `tier: inner`, and the service `bank` not at all. */
const reader: Actor = {
  ...signedIn(),
  may: (permission, { path: [, service], labels }) =>
    permission !== 'stacks:write' && service !== 'bank' && labels?.['tier'] !== 'inner',
}

const registryOf = (specs: readonly ServiceSpec[]): Pick<Registry, 'findService' | 'services'> => {
  const declared = specs.map((spec): ServiceDeclaration => {
    const id = `shop/${spec.name}`
    return { ...{ id, stack: 'shop', spec }, builtIn: false, upstreams: [], injected: {} }
  })
  return {
    services: () => declared,
    findService: (id) => declared.find((one) => one.id === id),
  }
}

const readable = (declared: readonly ServiceSpec[], written: readonly ServiceSpec[] = []) =>
  readableTo({ actor: reader, stack: 'shop', registry: registryOf(declared), written })

const cases: [string, ServiceSpec[], ServiceSpec[], boolean][] = [
  ['declared without the label', [serviceSpec('web')], [], true],
  ['declared with the label', [serviceSpec('web', inner)], [], false],
  ['given the label by a file', [serviceSpec('web')], [serviceSpec('web', inner)], false],
  ['freed of the label by a file', [serviceSpec('web', inner)], [serviceSpec('web')], false],
  ['new in a file, with the label', [], [serviceSpec('web', inner)], false],
  ['new in a file, without it', [], [serviceSpec('web')], true],
  ['gone', [], [], true],
]
for (const [what, declared, written, expected] of cases) {
  test(`a service that is ${what} ${expected ? 'may' : 'may not'} be read`, () => {
    const { mayRead, mayReadId } = readable(declared, written)
    assert.deepEqual([mayRead('web'), mayReadId('shop/web')], [expected, expected])
  })
}

const pull = (subject: string, service: string): PlanAction => ({
  ...{ id: `pull_image:${subject}`, kind: 'pull_image', subject, service, cause: 'not here' },
  ...{ changes: [], after: [], waitFor: [] },
})

test('actions of a service that may not be read stay apart, and are followed by others', () => {
  const start: PlanAction = {
    ...pull('shop-web-1', 'web'),
    ...{ id: 'start_instance:shop-web-1', kind: 'start_instance' },
    after: ['pull_image:bank:1', 'pull_image:hook:1', 'pull_image:web:1'],
  }
  const actions = [pull('bank:1', 'bank'), pull('hook:1', 'bank'), pull('web:1', 'web'), start]
  const plan = { stack: 'shop', revision: 1, digest: 'd', actions, unchanged: [] }
  const shown = planFor(plan, readable([serviceSpec('bank'), serviceSpec('web')])).actions
  const ids = ['pull_image:bank', 'pull_image:bank 1', 'pull_image:web:1']
  assert.deepEqual(
    shown.map(({ id }) => id),
    [...ids, start.id],
  )
  assert.deepEqual(shown.at(-1)?.after, ids)
})

const texts: [string, isTold: boolean][] = [
  ['web: image changed', true],
  ['web: environment.BANK_URL changed', true],
  ['web: image changed; bank: environment.KEY changed', false],
  ['Back to revision 3: bank: environment.KEY changed', false],
  ['bank is new', false],
  ['web: command changed; bank is not in the file any more', false],
]
for (const [text, isTold] of texts) {
  test(`${isTold ? 'told' : 'not told'} to whoever may not read bank: ${text}`, () => {
    const revision: StackRevision = {
      ...{ revision: 2, appliedAt: '2026-01-01T00:00:00Z', actor: 'ana', text, current: true },
    }
    const shown = revisionFor(revision, readable([serviceSpec('bank'), serviceSpec('web')]))
    assert.equal(shown.text === text, isTold)
  })
}
