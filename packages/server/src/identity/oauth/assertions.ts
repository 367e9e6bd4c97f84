import type { Assertion } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { SigningKeys } from './signing-keys.ts'

/** None of the types that are taken as a credential here. */
const assertionType = 'identity+jwt'
const lifeSeconds = 60

/** Another one than that of service tokens: who looks at issuer and audience alone takes no other. */
const audienceOf = (object: string): string => `forwarded:${object}`

type Deps = { clock: Clock; keys: SigningKeys; publicUrl: string }

/**
 * Who somebody is, signed for one service: for the gateway to forward. It proves nothing to Keelson, and
 * to no other service; `sub` is unique within `kind`, as ids of users and service accounts are.
 */
export const createAssertions =
  ({ clock, keys, publicUrl }: Deps) =>
  async (actor: Actor, object: string): Promise<Assertion> => {
    const issuedAt = Math.floor(clock.now().getTime() / 1000)
    const { kind, id, name, origin } = actor
    const claims = {
      ...{ iss: publicUrl, aud: audienceOf(object), sub: id, name, kind, iat: issuedAt },
      // A service may hold somebody to what their token is for; without scopes it is for all.
      ...(origin.scopes === null ? {} : { scope: origin.scopes.join(' ') }),
    }
    const token = await keys.sign({ ...claims, exp: issuedAt + lifeSeconds }, assertionType)
    return {
      token,
      expiresAt: new Date((issuedAt + lifeSeconds) * 1000).toISOString(),
      actor: { kind, id, name },
    }
  }
