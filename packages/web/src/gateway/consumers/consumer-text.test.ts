import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consumerName, listOf } from './consumer-text.ts'

test('a consumer is called by what people know', () => {
  assert.equal(consumerName({ username: 'ada', customId: '7', id: 'x' }), 'ada')
  assert.equal(consumerName({ username: null, customId: '7', id: 'x' }), '7')
  assert.equal(consumerName({ username: null, customId: null, id: 'x' }), 'x')
})

test('a list is written with commas', () => {
  assert.deepEqual(listOf(' gold, partner ,,gold'), ['gold', 'partner'])
  assert.deepEqual(listOf(''), [])
})
