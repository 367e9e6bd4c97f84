import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gatewayCaches } from '../../test-fixture/fixture-gateway.ts'
import {
  formatRatio,
  hitRatio,
  purgeBody,
  purgeSentence,
  type PurgeAsk,
  warmBody,
  warmSentence,
} from './cache-text.ts'

const [busy, unused] = gatewayCaches
assert.ok(busy !== undefined && unused !== undefined)

test('the ratio counts what the service did not have to answer', () => {
  assert.equal(formatRatio(hitRatio(busy)), '94.4 %')
  assert.equal(formatRatio(hitRatio(unused)), '–')
})

test('a ratio is never rounded up to everything', () => {
  assert.equal(formatRatio(0.999_96), '99.9 %')
  assert.equal(formatRatio(1), '100 %')
  assert.equal(formatRatio(0), '0 %')
})

const asks: [PurgeAsk, object, string][] = [
  [
    { plugin: '', by: 'url', what: ' https://a/1 ' },
    { url: 'https://a/1' },
    'the answers of https://a/1',
  ],
  [
    { plugin: 'p', by: 'prefix', what: 'https://a/' },
    { plugin: 'p', prefix: 'https://a/' },
    'every answer whose URL begins with https://a/',
  ],
  [{ plugin: '', by: 'tag', what: 'x' }, { tag: 'x' }, 'every answer with the tag x'],
  [{ plugin: 'p', by: 'all', what: 'left over' }, { plugin: 'p', all: true }, 'every answer'],
]
for (const [ask, body, sentence] of asks) {
  test(`forgetting ${sentence} asks for one thing`, () => {
    assert.deepEqual(purgeBody(ask), body)
    assert.equal(purgeSentence(ask), sentence)
  })
}

test('a list to ask ahead for, and what came of it', () => {
  const paths = ['/a', 'https://shop.example/b']
  assert.deepEqual(warmBody(' shop.example ', `/a\n\n ${paths[1]} \n`), {
    host: 'shop.example',
    paths,
  })
  assert.deepEqual(warmBody('', ''), { paths: [] })
  assert.equal(warmSentence({ stored: 1, failed: 0 }), '1 answer came well.')
  assert.equal(warmSentence({ stored: 3, failed: 2 }), '3 of 5 answers came well.')
})
