import assert from 'node:assert/strict'
import { test } from 'node:test'
import { purgeOf, refuseUnknownHost } from './cache-asks.ts'

const fine = [{ url: 'http://a.test/b' }, { prefix: 'https://a.test' }, { tag: 'x' }, { all: true }]
for (const ask of fine) {
  test(`a purge by ${Object.keys(ask)[0]}`, () => assert.deepEqual(purgeOf(ask), ask))
}

const refused: [name: string, ask: Parameters<typeof purgeOf>[0], said: RegExp][] = [
  ['nothing', {}, /Give one of/],
  ['two things', { tag: 'x', all: true }, /Give one of/],
  ['a path, whose host nobody knows', { url: '/b' }, /"\/b" is no URL/],
  ['a host without a scheme', { prefix: 'a.test/b' }, /is no URL/],
]
for (const [name, ask, message] of refused) {
  test(`no purge by ${name}`, () =>
    assert.throws(() => purgeOf(ask), { code: 'bad_request', message }))
}

test('warming needs a host for paths, and URLs that are some', () => {
  refuseUnknownHost({ host: 'a.test', paths: ['/b', 'http://c.test/d'] })
  refuseUnknownHost({ paths: ['http://c.test/d'] })
  const refuse = (path: string) => () => refuseUnknownHost({ paths: [path] })
  assert.throws(refuse('/b'), { code: 'bad_request', hint: /Name the host/ })
  assert.throws(refuse('http://[c/d'), { code: 'bad_request', message: /is no URL/ })
})
