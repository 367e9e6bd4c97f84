import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from './client.ts'
import { createRefreshing, type TokenSet, type TokenStore } from './credentials.ts'
import { signInByDevice } from './device-sign-in.ts'
import { OAuthError } from './oauth.ts'

const startMs = Date.parse('2026-11-22T10:00:00Z')
const inSeconds = (seconds: number): string => new Date(startMs + seconds * 1000).toISOString()
const json = (value: object, status = 200): Response =>
  new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } })

const createMemory = (first: TokenSet | undefined) => {
  let held = first
  const store: TokenStore = {
    read: () => Promise.resolve(held),
    write: async (next) => void (held = next),
  }
  return { store, held: () => held }
}

/** A platform that knows one access token and one refresh token at a time. */
const createTokenServer = () => {
  let round = 1
  const asked: string[] = []
  const send: typeof fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : input.toString()
    asked.push(url.replace('http://keelson', ''))
    if (url.endsWith('/oauth/token')) {
      const form = new URLSearchParams(init?.body as URLSearchParams)
      if (form.get('refresh_token') !== `r${round}`) {
        return json({ error: 'invalid_grant', error_description: 'It was used' }, 400)
      }
      round += 1
      return json({ access_token: `a${round}`, refresh_token: `r${round}`, expires_in: 600 })
    }
    const isKnown = new Headers(init?.headers).get('authorization') === `Bearer a${round}`
    return isKnown ? json({ who: `a${round}` }) : json({ code: 'unauthenticated' }, 401)
  }
  return { send, asked, end: () => (round = 99) }
}

const open = (expiresAt: string) => {
  const server = createTokenServer()
  const memory = createMemory({ accessToken: 'a1', refreshToken: 'r1', expiresAt })
  const options = { baseUrl: 'http://keelson', fetch: server.send }
  const credentials = createRefreshing({
    ...{ ...options, client: 'test', store: memory.store, now: () => startMs },
  })
  return { server, memory, call: createClient({ ...options, credentials }) }
}

test('a token that is about to end is renewed before it is used, once for many calls', async () => {
  const { server, memory, call } = open(inSeconds(10))
  const answers = await Promise.all([call('getSession'), call('getSession'), call('getSystem')])
  assert.deepEqual(answers, [{ who: 'a2' }, { who: 'a2' }, { who: 'a2' }])
  assert.equal(server.asked.filter((path) => path === '/oauth/token').length, 1)
  assert.deepEqual(memory.held(), {
    ...{ accessToken: 'a2', refreshToken: 'r2', expiresAt: inSeconds(600) },
  })
})

test('a token that the platform refuses is renewed, and the call sent once more', async () => {
  const { server, memory, call } = open(inSeconds(600))
  await memory.store.write({ accessToken: 'gone', refreshToken: 'r1', expiresAt: inSeconds(600) })
  assert.deepEqual(await call('getSession'), { who: 'a2' })
  assert.deepEqual(server.asked, ['/api/v1/session', '/oauth/token', '/api/v1/session'])
})

test('a family that has ended signs the program out', async () => {
  const { server, memory, call } = open(inSeconds(5))
  server.end()
  await assert.rejects(call('getSession'))
  assert.equal(memory.held(), undefined)
})

test('what another program with the same store was given is used', async () => {
  const memory = createMemory({ accessToken: 'a1', refreshToken: 'r1', expiresAt: inSeconds(5) })
  const newer = { accessToken: 'b', refreshToken: 'r2', expiresAt: inSeconds(600) }
  const credentials = createRefreshing({
    ...{ baseUrl: 'http://keelson', client: 'test', store: memory.store, now: () => startMs },
    fetch: async () => {
      await memory.store.write(newer)
      return json({ error: 'invalid_grant' }, 400)
    },
  })
  assert.equal(await credentials.authorization(), 'Bearer b')
  assert.deepEqual(memory.held(), newer)
})

/** Answers of the token endpoint, one for each time it is asked. */
const signInWith = async (answers: readonly Response[]) => {
  const waits: number[] = []
  const left = [
    json({
      ...{ device_code: 'd', user_code: 'BCDF-GHJK', verification_uri: 'http://keelson/device' },
      ...{ verification_uri_complete: 'http://keelson/device#BCDF-GHJK', expires_in: 600 },
      interval: 5,
    }),
    ...answers,
  ]
  const codes: string[] = []
  const tokens = await signInByDevice({
    ...{ baseUrl: 'http://keelson', client: 'test', now: () => startMs },
    onCode: ({ userCode, completeUrl }) => void codes.push(userCode, completeUrl),
    wait: async (ms) => void waits.push(ms),
    fetch: async () => left.shift() ?? json({}, 500),
  })
  return { tokens, waits, codes }
}

test('a program waits until somebody has approved it, and slows down when it is told to', async () => {
  const { tokens, waits, codes } = await signInWith([
    json({ error: 'authorization_pending' }, 400),
    json({ error: 'slow_down' }, 400),
    json({ access_token: 'a', refresh_token: 'r', expires_in: 600 }),
  ])
  assert.deepEqual(codes, ['BCDF-GHJK', 'http://keelson/device#BCDF-GHJK'])
  assert.deepEqual(waits, [5000, 5000, 10_000])
  assert.equal(tokens.accessToken, 'a')
})

for (const code of ['access_denied', 'expired_token']) {
  test(`${code} ends the sign-in`, async () => {
    await assert.rejects(
      signInWith([json({ error: code, error_description: 'No' }, 400)]),
      (error: unknown) => error instanceof OAuthError && error.code === code,
    )
  })
}
