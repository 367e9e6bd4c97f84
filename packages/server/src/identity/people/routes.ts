import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Session, UserSession } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Call, Http } from '../../kernel/http.ts'
import { cookieNames } from '../../kernel/session-cookie.ts'
import { seen, type Identity } from '../identity.ts'
import { deviceOf } from '../sessions/device.ts'
import { sessionIn } from '../sessions/sessions.ts'
import type { SessionRow } from '../sessions/store.ts'
import { describeUser } from './user.ts'

type Deps = { http: Http; identity: Identity }

const deviceLifeSeconds = 400 * 24 * 3600

/** Signing in and out, one's own account, users. */
export const peopleRoutes = ({ http, identity }: Deps): void => {
  signInRoutes({ http, identity })
  userRoutes({ http, identity })
  accountRoutes({ http, identity })
}

const signInRoutes = ({ http, identity }: Deps): void => {
  const { people, account, links, linkForms } = identity

  const describe = async (actor: Actor): Promise<Session> => ({
    ...{ actor: actor.name, kind: actor.kind, id: actor.id },
    permissions: [...actor.permissions],
    expiresAt: actor.expiresAt?.toISOString() ?? null,
    preferences: actor.kind === 'user' ? (await people.find(actor.id)).preferences : {},
  })

  /** Gives the browser its session, and says who it is now. */
  const enter = async (
    { request, reply }: Pick<Call<'createSession'>, 'request' | 'reply'>,
    { token, expiresAt }: { token: string; expiresAt: Date },
  ): Promise<Session> => {
    const { session } = namesOf(request)
    reply.setCookie(session, token, { ...cookieOf(request), expires: expiresAt })
    const actor = await identity.bySession(token, seen(request))
    if (actor === null) throw new AppError('unauthenticated')
    return describe(actor)
  }

  http.route('getSignIn', async () => ({ setUp: await identity.isSetUp() }))
  http.route('createSession', async (call) => {
    const { actor, body, request, reply } = call
    const { device } = namesOf(request)
    const { deviceMark, ...opened } = await identity.signIn(body, {
      ...{ actor, userAgent: userAgentOf(request), deviceMark: request.cookies[device] },
    })
    reply.setCookie(device, deviceMark, { ...cookieOf(request), maxAge: deviceLifeSeconds })
    return enter(call, opened)
  })
  http.route('getSession', ({ actor }) => {
    if (actor.kind === 'anonymous') throw new AppError('unauthenticated')
    return describe(actor)
  })
  http.route('deleteSession', async ({ actor, request, reply }) => {
    await account.signOut(actor)
    reply.clearCookie(namesOf(request).session, cookieOf(request))
    // What the page keeps of its own stays; what it has of the person goes.
    reply.header('clear-site-data', '"cache"')
  })
  http.route('createSetupLink', ({ actor }) => linkForms.createSetupLink(actor))
  http.route('readLink', ({ body }) => links.read(body.token))
  http.route('useLink', async (call) => {
    const { actor, body, request } = call
    return enter(call, await linkForms.use(body, { actor, userAgent: userAgentOf(request) }))
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
}

const accountRoutes = ({ http, identity }: Deps): void => {
  const { people, account, sessions } = identity

  const describeAccount = async (actor: Actor) => {
    const user = await people.find(ownId(actor))
    return { user: describeUser(user), preferences: user.preferences }
  }

  http.route('getAccount', ({ actor }) => describeAccount(actor))
  http.route('updateAccount', async ({ actor, body }) => {
    ownId(actor)
    await account.update(actor, body)
    return describeAccount(actor)
  })
  http.route('changePassword', ({ actor, body }) => {
    ownId(actor)
    return account.changePassword(actor, body)
  })
  http.route('listOwnSessions', async ({ actor }) => ({
    items: (await sessions.list(ownId(actor))).map(describeSession(actor)),
    nextCursor: null,
  }))
  http.route('revokeOwnSession', async ({ actor, params }) => {
    const self = { id: ownId(actor), name: actor.name }
    if (params.session === 'others') return account.endSessions(self, sessionIn(actor), actor)
    await account.endSession(self, params.session, actor)
  })
}

/** The command line of the machine has no account of its own. */
const ownId = (actor: Actor): string => {
  if (actor.kind === 'user') return actor.id
  throw new AppError('forbidden', { message: `${actor.name} has no account: sign in as a user` })
}

const userAgentOf = ({ headers }: FastifyRequest): string | null => headers['user-agent'] ?? null

const namesOf = ({ protocol }: FastifyRequest) => cookieNames(protocol === 'https')

/** Over https for https alone. */
const cookieOf = (
  request: FastifyRequest,
): NonNullable<Parameters<FastifyReply['setCookie']>[2]> => ({
  ...{ path: '/', httpOnly: true, sameSite: 'strict', secure: request.protocol === 'https' },
})

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
