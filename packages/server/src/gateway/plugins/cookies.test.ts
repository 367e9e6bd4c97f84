import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeaderList } from '../proxy/header-list.ts'
import { dropCookie, hideCookies, setCookie } from './cookies.ts'

const attributes = { path: '/', sameSite: 'Lax', httpOnly: true, secure: true } as const

test('a cookie says how far it goes', () => {
  assert.equal(setCookie('a', 'b', attributes), 'a=b; Path=/; SameSite=Lax; Secure; HttpOnly')
  assert.equal(
    setCookie('a', 'b', {
      ...{ path: '/x', domain: 'shop.example', maxAge: 60 },
      ...{ sameSite: 'Default', httpOnly: false, secure: false },
    }),
    'a=b; Path=/x; Domain=shop.example; Max-Age=60',
  )
  assert.match(dropCookie('a', attributes), /^a=; Path=\/; Max-Age=0/)
})

test('hidden cookies do not reach the service, and others do', () => {
  const cases: [before: string[], after: string[]][] = [
    [['a=1; mine=2; b=3'], ['a=1; b=3']],
    [['mine=1'], []],
    [['a=1', 'mine=2;b=3'], ['a=1; b=3']],
    [['a=mine=1; =x; y'], ['a=mine=1; =x; y']],
    [[], []],
  ]
  for (const [before, after] of cases) {
    const headers = new HeaderList(before.flatMap((value) => ['Cookie', value]))
    hideCookies(headers, (name) => name === 'mine')
    assert.deepEqual(headers.all('cookie'), after)
  }
})
