import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Selector } from '@keelson/contract'
import { areApart, covers, placeOf } from './cover.ts'
import { createSelectorIndex } from './selector-index.ts'

const names = [
  ...['platform', 'gateway', 'stack', 'service', 'service:a', 'stack:a', 'stack:b', 'stack:a*'],
  ...['service:a/x', 'service:a/*', 'service:b/x', 'service:*/x', 'stack:*b', 'stack:a/x'],
]
const parts: Selector[] = [
  ...[{}, { labels: { l: '1' } }, { labels: { l: '2' } }, { labels: { l: '1', m: '1' } }],
  ...[{ labels: { m: '1' } }, { owner: 'x' }, { owner: 'y', labels: { l: '1' } }],
]
const selectors: Selector[] = [undefined, ...names].flatMap((name) =>
  parts.map((part) => (name === undefined ? part : { name, ...part })),
)

test('what an index finds is what comparing with each would', () => {
  const index = createSelectorIndex(selectors.map((on) => ({ on })))
  const setOf = (found: readonly { on: Selector }[]) => new Set(found.map(({ on }) => on))
  for (const on of selectors) {
    const place = placeOf(on)
    const covering = selectors.filter((wide) => covers(placeOf(wide), place))
    const touching = selectors.filter((other) => !areApart(placeOf(other), place))
    assert.deepEqual(setOf(index.covering(on)), new Set(covering), JSON.stringify(on))
    assert.deepEqual(setOf(index.touching(on)), new Set(touching), JSON.stringify(on))
  }
})
