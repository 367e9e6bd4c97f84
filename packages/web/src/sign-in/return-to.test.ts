import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pageOf } from './return-to.ts'

const origin = 'https://keelson.example'

test('a page of ours is kept with its search and its part behind the #', () => {
  for (const to of ['/', '/services?state=unhealthy', '/stacks/shop?tab=plan#x', '/join-us']) {
    assert.equal(pageOf(to, origin), to)
  }
})

test('nothing leads to another site, to the API or to an entrance', () => {
  for (const to of [
    ...['https://other.example/', '//other.example', '/\\other.example', '/\t/other.example'],
    ...['/.//other.example', 'javascript:alert(1)', 'services', ''],
    ...['/api/v1/session', '/sign-in', '/sign-in/acme', '/join', '/reset'],
  ]) {
    assert.equal(pageOf(to, origin), undefined, to)
  }
})
