import type { UserSession } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Http } from '../../kernel/http.ts'
import type { Identity } from '../identity.ts'
import { deviceOf } from '../sessions/device.ts'
import { sessionIn } from '../sessions/sessions.ts'
import type { SessionRow } from '../sessions/store.ts'
import { createEntrance, ownId, ownIdInBrowser } from './entrance.ts'
import { describeUser } from './user.ts'

type Deps = { http: Http; identity: Identity }

/** Signing in and out, one's own account, users. */
export const peopleRoutes = ({ http, identity }: Deps): void => {
  signInRoutes({ http, identity })
  userRoutes({ http, identity })
  accountRoutes({ http, identity })
}

const signInRoutes = ({ http, identity }: Deps): void => {
  const { account, links, linkForms, factors } = identity
  const { describe, answer, callerOf, leave } = createEntrance(identity)

  http.route('getSignIn', async () => ({
    setUp: await identity.isSetUp(),
    providers: await identity.providers.providers.onSignIn(),
  }))
  http.route('createSession', async (call) =>
    answer(call, await identity.signIn(call.body, callerOf(call))),
  )
  http.route('getSession', ({ actor }) => {
    if (actor.kind === 'anonymous') throw new AppError('unauthenticated')
    return describe(actor)
  })
  http.route('deleteSession', async (call) => {
    await account.signOut(call.actor)
    leave(call)
  })
  http.route('createSetupLink', ({ actor }) => linkForms.createSetupLink(actor))
  http.route('readLink', ({ body }) => links.read(body.token))
  http.route('useLink', async (call) => {
    const party = () => factors.partyOf(call.request)
    return answer(call, await linkForms.use(call.body, { ...callerOf(call), party }))
  })
}

const userRoutes = ({ http, identity }: Deps): void => {
  const { people, account, sessions } = identity

  http.route('listUsers', async ({ query }) => {
    const { contains = '', cursor = '', limit } = query
    const found = await people.list({ contains, after: cursor, limit: limit + 1 })
    const items = found.slice(0, limit)
    const nextCursor = found.length > limit ? (items.at(-1)?.name_key ?? null) : null
    return { items: items.map(describeUser), nextCursor }
  })
  http.route('getUser', async ({ params }) => describeUser(await people.find(params.user)))
  http.route('inviteUser', ({ actor, body }) => people.invite(body, actor))
  http.route('updateUser', async ({ actor, params, body }) =>
    describeUser(await people.update(params.user, body, actor)),
  )
  http.route('deleteUser', ({ actor, params, query }) =>
    people.remove(params.user, query.heir ?? null, actor),
  )
  http.route('resetUser', ({ actor, params }) => people.startReset(params.user, actor))
  http.route('listUserSessions', async ({ actor, params }) => {
    const { id } = await people.find(params.user)
    return { items: (await sessions.list(id)).map(describeSession(actor)), nextCursor: null }
  })
  http.route('revokeUserSessions', async ({ actor, params }) => {
    const user = await people.find(params.user)
    await account.endSessions(user, null, actor)
  })
  http.route('revokeUserSession', async ({ actor, params }) => {
    await account.endSession(await people.find(params.user), params.session, actor)
  })
}

const accountRoutes = ({ http, identity }: Deps): void => {
  const { people, account, sessions } = identity

  const describeAccount = async (actor: Actor) => {
    const user = await people.find(ownId(actor))
    return { user: describeUser(user), preferences: user.preferences }
  }

  http.route('getAccount', ({ actor }) => describeAccount(actor))
  http.route('updateAccount', async ({ actor, body }) => {
    ownIdInBrowser(actor)
    await account.update(actor, body)
    return describeAccount(actor)
  })
  http.route('changePassword', ({ actor, body }) => {
    ownIdInBrowser(actor)
    return account.changePassword(actor, body)
  })
  http.route('listOwnSessions', async ({ actor }) => ({
    items: (await sessions.list(ownId(actor))).map(describeSession(actor)),
    nextCursor: null,
  }))
  http.route('revokeOwnSession', async ({ actor, params }) => {
    const self = { id: ownIdInBrowser(actor), name: actor.name }
    if (params.session === 'others') return account.endSessions(self, sessionIn(actor), actor)
    await account.endSession(self, params.session, actor)
  })
}

const describeSession =
  (actor: Actor) =>
  (row: SessionRow): UserSession => ({
    id: row.id,
    current: actor.origin.credential === `session:${row.id}`,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    address: row.address,
    device: deviceOf(row.user_agent),
  })
