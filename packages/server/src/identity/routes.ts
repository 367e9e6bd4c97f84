import type { Http } from '../kernel/http.ts'
import { AppError } from '../kernel/errors.ts'
import type { Actor } from '../kernel/actor.ts'
import { sessionCookie } from '../kernel/session-cookie.ts'
import type { Identity } from './identity.ts'

type Deps = { http: Http; identity: Identity; publicUrl: string }

export const accessRoutes = ({ http, identity, publicUrl }: Deps): void => {
  http.route('createSession', async ({ body, reply }) => {
    const { sessionToken, actor } = await identity.signIn(body.token)
    reply.setCookie(sessionCookie, sessionToken, {
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      ...(actor.expiresAt === null ? {} : { expires: actor.expiresAt }),
    })
    return describe(actor)
  })
  http.route('getSession', ({ actor }) => {
    if (actor.kind === 'anonymous') throw new AppError('unauthenticated')
    return describe(actor)
  })
  http.route('deleteSession', async ({ request, reply }) => {
    await identity.signOut(request.cookies[sessionCookie])
    reply.clearCookie(sessionCookie, { path: '/' })
  })
  http.route('createSetupLink', () => identity.createSetupLink(publicUrl))
}

const describe = (actor: Actor) => ({
  actor: actor.name,
  permissions: [...actor.permissions],
  expiresAt: actor.expiresAt?.toISOString() ?? null,
})
