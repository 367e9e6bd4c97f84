import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { setCookie, type CookieAttributes } from '../cookies.ts'
import { createSealer } from '../sealed.ts'
import { remaining, type SessionLimits } from './lifetime.ts'

const sessionSchema = Type.Object({
  id: Type.String(),
  /** Ids. */
  consumer: Type.String(),
  credential: Type.String(),
  subject: Type.String(),
  groups: Type.Union([Type.Array(Type.String()), Type.Null()]),
  created: Type.Number(),
  rolled: Type.Number(),
  used: Type.Number(),
})

const sessionCheck = Compile(sessionSchema)

/** All that there is of a session: it lives in the cookie, encrypted. */
export type Session = Static<typeof sessionSchema>

/** One of the two cookies: until the browser is closed, or beyond it. */
export type SessionCookie = {
  readonly name: string
  /** Null when there is none, or it has ended. */
  read(cookies: ReadonlyMap<string, string>, now: number): Promise<Session | null>
  /** A value of Set-Cookie. */
  write(session: Session, now: number): Promise<string>
}

export const createSessionCookie = (
  cookie: {
    name: string
    audience: string
    secret: string | Buffer
    attributes: CookieAttributes
    persistent: boolean
  },
  limits: SessionLimits,
): SessionCookie => {
  const { name, audience, secret, attributes, persistent } = cookie
  const sealer = createSealer(secret, `session ${name} for ${audience}`)
  return {
    name,
    read: async (cookies, now) => {
      const text = cookies.get(name)
      const session = text === undefined ? null : await sealer.open(text)
      if (!sessionCheck.Check(session)) return null
      return remaining(session, limits, now).all > 0 ? session : null
    },
    write: async (session, now) => {
      const left = remaining(session, limits, now).all
      const value = await sealer.seal(session)
      return setCookie(name, value, {
        ...attributes,
        ...(persistent && Number.isFinite(left) ? { maxAge: Math.max(Math.floor(left), 0) } : {}),
      })
    },
  }
}
