import assert from 'node:assert/strict'
import { test } from 'node:test'
import { passkeyPlaceOf } from './place.ts'

const at = (url: string, isSupported = true) => passkeyPlaceOf(new URL(url), isSupported)

test('passkeys belong to a host name', () => {
  assert.deepEqual(at('https://keelson.example/sign-in'), { kind: 'here' })
  assert.deepEqual(at('http://localhost:7070/sign-in'), { kind: 'here' })
  assert.deepEqual(at('http://shop.localhost:7070/'), { kind: 'here' })
})

test('a loopback address leads to localhost, at the same page', () => {
  for (const host of ['127.0.0.1', '127.0.1.1', '[::1]']) {
    assert.deepEqual(at(`http://${host}:7070/account/security`), {
      ...{ kind: 'elsewhere', url: 'http://localhost:7070/account/security' },
    })
  }
  assert.deepEqual(at('http://127.0.0.1/'), { kind: 'elsewhere', url: 'http://localhost/' })
})

test('what stands behind the # goes along, and so a link works there too', () => {
  assert.deepEqual(at('http://127.0.0.1:7070/join#token'), {
    ...{ kind: 'elsewhere', url: 'http://localhost:7070/join#token' },
  })
})

test('elsewhere it says why not', () => {
  const whyAt = (url: string, isSupported: boolean) => {
    const place = at(url, isSupported)
    return place.kind === 'nowhere' ? place.why : place.kind
  }
  assert.match(whyAt('http://192.0.2.7:7070/', true), /host name/)
  assert.match(whyAt('https://[2001:db8::7]/', true), /host name/)
  assert.match(whyAt('http://keelson.example/', false), /https/)
  assert.match(whyAt('https://keelson.example/', false), /This browser/)
})
