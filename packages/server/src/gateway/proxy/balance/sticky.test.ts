import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ejectAfter, specOf, startUpstreams, targetOf, upstreamOf } from './testing.ts'

const sticky: { cookie: string; ttl_s: number | null; secure: boolean } = {
  cookie: 'stick',
  ttl_s: null,
  secure: true,
}
const targets = ['10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80'].map((target) => targetOf(target))

const start = (tuning = sticky) => {
  const world = startUpstreams()
  const upstream = upstreamOf({ 'x-keelson': { sticky: tuning }, passive: ejectAfter(1) })
  const pool = world.use(specOf({ upstream, targets }))
  const withCookie = (value: string) =>
    world.ask({ cookie: (name) => (name === 'stick' ? value : undefined) })
  return { ...world, pool, upstream, withCookie }
}

const valueOf = (cookie: string | undefined): string =>
  /^stick=([^;]*)/.exec(cookie ?? '')?.[1] ?? ''

test('a caller comes back to the target it met first', () => {
  using world = start()
  const first = world.pool.pick(world.ask(), [])
  assert.ok(first)
  const cookie = world.pool.stickyCookie(world.ask(), first)
  assert.match(cookie ?? '', /^stick=[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
  const again = world.withCookie(valueOf(cookie))
  for (let round = 0; round < 5; round += 1) assert.equal(world.pool.pick(again, []), first)
  assert.equal(world.pool.stickyCookie(again, first), undefined)
})

test('the cookie says nothing of the address, and lasts as long as told', () => {
  using world = start({ cookie: 'stick', ttl_s: 3600, secure: false })
  const [first] = world.pool.targets
  assert.ok(first)
  const cookie = world.pool.stickyCookie(world.ask(), first) ?? ''
  assert.equal(cookie.includes('10.0'), false)
  assert.equal(Buffer.from(valueOf(cookie), 'base64url').toString('latin1').includes('10.0'), false)
  assert.ok(cookie.endsWith('; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600'))
})

test('a target that is out, or was tried: another one, with a new cookie', () => {
  using world = start()
  const [first] = world.pool.targets
  assert.ok(first)
  const ask = world.withCookie(valueOf(world.pool.stickyCookie(world.ask(), first)))
  assert.notEqual(world.pool.pick(ask, [first]), first)
  first.report({ kind: 'status', status: 500, latencyMs: 1 }, 0)
  const other = world.pool.pick(ask, [])
  assert.ok(other)
  assert.notEqual(other, first)
  assert.notEqual(world.pool.stickyCookie(ask, other), undefined)
})

test('a forged cookie, or one of a target that is gone, is like none', () => {
  using world = start()
  for (const value of ['', 'x', '10.0.0.1:80', 'A'.repeat(22), '__proto__']) {
    assert.ok(world.pool.pick(world.withCookie(value), []))
  }
})

test('gateways with one secret know the cookies of each other', () => {
  using one = start()
  using two = start()
  const [, second] = one.pool.targets
  assert.ok(second)
  const cookie = valueOf(one.pool.stickyCookie(one.ask(), second))
  assert.equal(two.pool.pick(two.withCookie(cookie), [])?.instance, second.instance)
})
