import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  gatewayObject,
  platformObject,
  serviceObject,
  stackObject,
  type ObjectRef,
  type Selector,
} from '@keelson/contract'
import { areApart, covers, placeOf } from './cover.ts'
import { matcherOf } from './selector.ts'

const pairs: [Selector, Selector, 'covers' | 'apart' | 'neither'][] = [
  [{}, { name: 'stack:shop' }, 'covers'],
  [{ name: 'stack:shop' }, {}, 'neither'],
  [{ name: 'stack' }, { name: 'service:shop/web' }, 'covers'],
  [{ name: 'stack:shop*' }, { name: 'stack:shop-eu*' }, 'covers'],
  [{ name: 'stack:shop*' }, { name: 'stack:s*' }, 'neither'],
  [{ name: 'service:*/web' }, { name: 'service:shop/*' }, 'neither'],
  [{ name: 'service:shop/web' }, { name: 'stack:shop' }, 'neither'],
  [{ name: 'platform' }, { name: 'stack:shop' }, 'apart'],
  [{ name: 'platform' }, { labels: { tier: 'front' } }, 'apart'],
  [{ name: 'stack:shop' }, { name: 'service:blog/web' }, 'apart'],
  [{ owner: 'ana' }, { owner: 'ana', name: 'stack:shop' }, 'covers'],
  [{ labels: { tier: 'front' } }, { labels: { tier: 'back' } }, 'apart'],
  [{ labels: { tier: 'front' } }, { name: 'stack:shop' }, 'neither'],
  [{ labels: {} }, { name: 'stack:shop' }, 'apart'],
  [{ owner: '' }, {}, 'apart'],
]
for (const [wide, narrow, expected] of pairs) {
  test(`${JSON.stringify(wide)} and ${JSON.stringify(narrow)}: ${expected}`, () => {
    const [one, other] = [placeOf(wide), placeOf(narrow)]
    assert.equal(covers(one, other), expected === 'covers')
    assert.equal(areApart(one, other), expected === 'apart')
    assert.equal(areApart(other, one), expected === 'apart')
  })
}

const steps = ['a', 'ab', 'b']
const objects: ObjectRef[] = [
  ...[platformObject, gatewayObject],
  ...steps.map(stackObject),
  ...steps.flatMap((stack) =>
    steps.flatMap((service) => [
      serviceObject(stack, service),
      serviceObject(stack, service, { labels: { l: '1' }, owner: 'x' }),
      serviceObject(stack, service, { labels: { l: '2' } }),
    ]),
  ),
]
const patterns = ['a', 'b', '*', 'a*', '*b', 'a*b']
const names = [
  ...['platform', 'gateway', 'stack', 'service', 'service:a'],
  ...patterns.flatMap((stack) => [
    `stack:${stack}`,
    ...patterns.flatMap((service) => [`service:${stack}/${service}`, `stack:${stack}/${service}`]),
  ]),
]
const parts: Selector[] = [
  ...[{}, { labels: { l: '1' } }, { labels: { l: '2' } }, { owner: 'x' }],
  ...[{ labels: {} }, { owner: '' }],
]
const selectors: Selector[] = [undefined, ...names].flatMap((name) =>
  parts.map((part) => (name === undefined ? part : { name, ...part })),
)

test('of any two selectors, what is said to be covered or apart is so for every object', () => {
  const matched = selectors.map((selector) => objects.map(matcherOf(selector)))
  const places = selectors.map(placeOf)
  for (const [at, one] of places.entries()) {
    for (const [beside, other] of places.entries()) {
      const both = objects.map((_, i) => [matched[at]?.[i] === true, matched[beside]?.[i] === true])
      const words = `${JSON.stringify(one.on)} ${JSON.stringify(other.on)}`
      if (covers(one, other))
        assert.ok(
          both.every(([a, b]) => a || !b),
          `not covered: ${words}`,
        )
      if (areApart(one, other)) assert.ok(!both.some(([a, b]) => a && b), `not apart: ${words}`)
    }
    assert.ok(covers(one, one), JSON.stringify(one.on))
  }
})
