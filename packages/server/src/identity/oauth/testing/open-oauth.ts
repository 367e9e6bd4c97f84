import assert from 'node:assert/strict'
import type { Permission } from '@keelson/contract'
import { localActor, type Actor } from '../../../kernel/actor.ts'
import { createHttp } from '../../../kernel/http.ts'
import { newId } from '../../../kernel/ids.ts'
import { quietLog } from '../../../kernel/testing/index.ts'
import { openIdentity } from '../../testing/open-identity.ts'
import { deviceGrant } from '../grants.ts'
import { oauthRoutes } from '../routes.ts'

export type Form = Readonly<Record<string, string>>

export type Tokens = { access_token: string; refresh_token: string; expires_in: number }

/** Identity with its OAuth routes before it, and the services `shop/web`, `shop/api` and `blog/web`. */
export const openOAuth = async () => {
  const keelson = await openIdentity()
  const { identity, clock } = keelson
  const services = new Set(['shop/web', 'shop/api', 'blog/web'])
  identity.oauth.services.useServices((id) => services.has(id))
  const http = await createHttp({
    ...{ clock, log: quietLog, newId, hostNames: ['localhost', '127.0.0.1'] },
    authenticate: (request) => identity.authenticate(request),
    onDenied: async () => undefined,
  })
  oauthRoutes({ http, log: quietLog, oauth: identity.oauth })

  type From = { address?: string; authorization?: string; cookie?: string; origin?: string }

  const post = (path: string, form: Form | string, from: From = {}) => {
    const { address = '192.0.2.7', ...headers } = from
    return http.app.inject({
      ...{ method: 'POST', url: path, remoteAddress: address },
      headers: {
        ...{ host: 'localhost', 'content-type': 'application/x-www-form-urlencoded' },
        ...{ 'user-agent': 'keelson-cli', ...headers },
      },
      payload: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
    })
  }

  const ask = (token: string, address = '192.0.2.7') =>
    http.app.inject({
      ...{ method: 'GET', url: '/api/v1/account/clients', remoteAddress: address },
      headers: { host: 'localhost', authorization: `Bearer ${token}` },
    })

  const cookieOf = async (name: string): Promise<string> => {
    const opened = await keelson.signIn(name)
    assert.ok('token' in opened)
    return opened.token
  }

  const begin = async (form: Form = {}, from: From = {}) => {
    const answer = await post(
      '/oauth/device_authorization',
      { client_id: 'keelson', ...form },
      from,
    )
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<{ device_code: string; user_code: string }>()
  }

  const poll = (deviceCode: string, from: From = {}, client = 'keelson') =>
    post(
      '/oauth/token',
      { grant_type: deviceGrant, device_code: deviceCode, client_id: client },
      from,
    )

  const refresh = (token: string, from: From = {}, more: Form = {}) =>
    post(
      '/oauth/token',
      { grant_type: 'refresh_token', refresh_token: token, client_id: 'keelson', ...more },
      from,
    )

  /** Of a person who signed in with a browser just now. */
  const browserOf = async (name: string): Promise<Actor> =>
    keelson.authenticate(await cookieOf(name))

  return {
    ...{ keelson, identity, http, clock, services, post, ask, cookieOf, browserOf },
    ...{ begin, poll, refresh },

    /** Signs a program in as somebody, all the way. */
    login: async (name: string, form: Form = {}, from: From = {}): Promise<Tokens> => {
      const { device_code: deviceCode, user_code: userCode } = await begin(form, from)
      await identity.oauth.devices.decide(await browserOf(name), userCode, true)
      const answer = await poll(deviceCode, from, form['client_id'])
      assert.equal(answer.statusCode, 200, answer.body)
      return answer.json<Tokens>()
    },

    /** An API token of somebody: its public part, and all of it. */
    apiToken: async (
      owner: { id: string; name: string },
      given: { scopes?: Permission[]; networks?: string[]; expiresAt?: string } = {},
    ): Promise<{ id: string; secret: string }> => {
      const made = await identity.tokens.create(owner, { name: 'ci', ...given }, localActor)
      return { id: made.token.id, secret: made.secret }
    },

    byCredentials: (id: string, secret: string, more: Form = {}, from: From = {}) =>
      post(
        '/oauth/token',
        { grant_type: 'client_credentials', client_id: id, client_secret: secret, ...more },
        from,
      ),

    statusOf: async (token: string, address?: string): Promise<number> =>
      (await ask(token, address)).statusCode,

    async [Symbol.asyncDispose]() {
      await http.close()
      await keelson[Symbol.asyncDispose]()
    },
  }
}

export type OpenedOAuth = Awaited<ReturnType<typeof openOAuth>>

/** The parts of a JWT that anybody can read. */
export const partsOf = (token: string): { header: JwtPart; payload: JwtPart } => {
  const [header = '', payload = ''] = token.split('.')
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as JwtPart
  return { header: read(header), payload: read(payload) }
}

type JwtPart = Record<string, unknown>
