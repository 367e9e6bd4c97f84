import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SecondFactorAsked, Session } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import { AppError } from '../../kernel/errors.ts'
import { cookieNames } from '../../kernel/session-cookie.ts'
import { isAsked } from '../factors/second-step.ts'
import { seen, type Identity } from '../identity.ts'
import { sessionIn } from '../sessions/sessions.ts'
import { deviceLifeSeconds } from './devices.ts'
import type { Opened } from './open-session.ts'

type Exchange = { request: FastifyRequest; reply: FastifyReply }

/** What a browser gets at the end of a sign-in, and what it came with. */
export const createEntrance = (identity: Pick<Identity, 'people' | 'bySession'>) => {
  const describe = async (actor: Actor): Promise<Session> => {
    const user = actor.kind === 'user' ? await identity.people.find(actor.id) : undefined
    return {
      ...{ actor: actor.name, kind: actor.kind, id: actor.id },
      displayName: user?.display_name || actor.name,
      permissions: [...actor.permissions],
      expiresAt: actor.expiresAt?.toISOString() ?? null,
      factorNeeded: actor.factorNeeded,
      preferences: user?.preferences ?? {},
    }
  }

  /** Gives the browser its session, and the mark of the device if there is one; says who it is. */
  const enter = async (
    { request, reply }: Exchange,
    { token, expiresAt, deviceMark }: Opened & { deviceMark?: string },
  ): Promise<Session> => {
    const { session, device } = namesOf(request)
    if (deviceMark !== undefined) {
      reply.setCookie(device, deviceMark, { ...cookieOf(request), maxAge: deviceLifeSeconds })
    }
    reply.setCookie(session, token, { ...cookieOf(request), expires: expiresAt })
    const actor = await identity.bySession(token, seen(request))
    if (actor === null) throw new AppError('unauthenticated')
    return describe(actor)
  }

  return {
    describe,
    enter,
    /** No cookie before the second factor. */
    answer: async (
      exchange: Exchange,
      result: (Opened & { deviceMark?: string }) | SecondFactorAsked,
    ): Promise<Session | SecondFactorAsked> => (isAsked(result) ? result : enter(exchange, result)),

    callerOf: ({ actor, request }: { actor: Actor; request: FastifyRequest }) => ({
      ...{ actor, userAgent: request.headers['user-agent'] ?? null },
      deviceMark: request.cookies[namesOf(request).device],
    }),

    leave: ({ request, reply }: Exchange): void => {
      reply.clearCookie(namesOf(request).session, cookieOf(request))
      // What the page keeps of its own stays; what it has of the person goes.
      reply.header('clear-site-data', '"cache"')
    },
  }
}

const namesOf = ({ protocol }: FastifyRequest) => cookieNames(protocol === 'https')

/** Over https for https alone. */
const cookieOf = (
  request: FastifyRequest,
): NonNullable<Parameters<FastifyReply['setCookie']>[2]> => ({
  ...{ path: '/', httpOnly: true, sameSite: 'strict', secure: request.protocol === 'https' },
})

/** The command line of the machine has no account of its own. */
export const ownId = (actor: Actor): string => {
  if (actor.kind === 'user') return actor.id
  throw new AppError('forbidden', { message: `${actor.name} has no account: sign in as a user` })
}

/** For what changes one's own account: a token, or a program that somebody signed in, changes none. */
export const ownIdInBrowser = (actor: Actor): string => {
  const id = ownId(actor)
  if (sessionIn(actor) !== null) return id
  throw new AppError('forbidden', { message: 'A token changes no account: do it on the page' })
}
