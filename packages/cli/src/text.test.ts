import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clip, cutTo, duration, oneLine, widthOf } from './text.ts'

const durations: [number, string][] = [
  [0, '0.0s'],
  [1240, '1.2s'],
  [9960, '10s'],
  [59_400, '59s'],
  [65_000, '1m 05s'],
  [3_600_000, '1h 00m'],
  [100_000_000, '1d 3h'],
  [-5, '0.0s'],
]

for (const [ms, text] of durations) {
  test(`${ms} ms are ${text}`, () => assert.equal(duration(ms), text))
}

test('width counts cells: wide letters and emoji are two, escape sequences none', () => {
  assert.equal(widthOf('abc'), 3)
  assert.equal(widthOf('日本'), 4)
  assert.equal(widthOf('🚀'), 2)
  assert.equal(widthOf('e\u0301'), 1)
  assert.equal(widthOf('\u001B[31mred\u001B[39m'), 3)
})

test('clipping never exceeds the width, and ends with an ellipsis only when it cut', () => {
  assert.equal(clip('abcdef', 6), 'abcdef')
  assert.equal(clip('abcdef', 4), 'abc…')
  assert.equal(clip('日本語', 4), '日…')
  assert.equal(clip('abc', 0), '')
})

test('one line of any text', () => {
  assert.equal(oneLine('  a\n\n  b\u001B]0;title\u0007\r '), 'a b')
})

test('of a text without an end only what can be shown is looked at', () => {
  assert.equal(clip('é'.repeat(20_000_000), 4), 'ééé…')
  assert.ok(clip(`e${'\u0301'.repeat(20_000_000)}`, 4).length < 100)
  assert.equal(clip('日'.repeat(5), Infinity), '日'.repeat(5))
  assert.equal(cutTo('x'.repeat(1000), 9), `${'x'.repeat(160)}…`)
  assert.equal(cutTo('short', 9), 'short')
})
