import type { ActionProgress } from '@keelson/contract'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createActionsStore } from './actions.ts'

const action = (id: string, state: ActionProgress['state']): ActionProgress => ({
  stack: 'shop',
  id,
  kind: 'pull_image',
  subject: id,
  state,
  text: '',
  share: null,
})

const open = () => {
  let nowMs = 0
  const store = createActionsStore(() => nowMs)
  return {
    store,
    pass: (ms: number) => {
      nowMs += ms
      store.expire()
    },
    states: () => (store.get().get('shop') ?? []).map(({ id, state }) => `${id} ${state}`),
  }
}

test('each action is there once, as it was told last', () => {
  const { store, states } = open()
  store.put(action('a', 'waiting'))
  store.put(action('b', 'waiting'))
  store.put(action('a', 'running'))
  assert.deepEqual(states(), ['a running', 'b waiting'])
})

test('a plan that went well goes after a moment; one that failed stays until it is put away', () => {
  const { store, pass, states } = open()
  store.put(action('a', 'running'))
  store.put(action('a', 'done'))
  pass(3000)
  assert.equal(states().length, 1)
  pass(2000)
  assert.equal(states().length, 0)
  store.put(action('a', 'running'))
  store.put(action('a', 'failed'))
  pass(60_000)
  assert.deepEqual(states(), ['a failed'])
  store.dismiss('shop')
  assert.deepEqual(states(), [])
})

test('another plan begins with an empty list', () => {
  const { store, states } = open()
  store.put(action('a', 'done'))
  store.put(action('b', 'failed'))
  store.put(action('c', 'waiting'))
  assert.deepEqual(states(), ['c waiting'])
})
