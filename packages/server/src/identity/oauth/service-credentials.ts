import type { Clock } from '../../kernel/clock.ts'
import { newId } from '../../kernel/ids.ts'
import type { Keyring } from '../../kernel/keys/index.ts'
import { sameBytes } from '../../kernel/same-bytes.ts'
import { serviceName, serviceTokenType } from './claims.ts'
import { OAuthError } from './oauth-error.ts'
import type { SigningKeys } from './signing-keys.ts'

const lifeSeconds = 600
const prefix = 'ksc_'

export type ServiceCredentials = {
  /** How services are found; until it is told, there are none. */
  useServices(isThere: (id: string) => boolean): void
  isThere(id: string): boolean
  /**
   * By which a service (`shop/web`) proves that it is one: derived from the master key, so that
   * nothing holds it, and always the same for the same service.
   */
  secretOf(id: string): string
  /** Also by a secret of an earlier master key: a service learns the new one at its next start. */
  isSecretOf(id: string, secret: string): boolean
  /** Throws OAuthError `invalid_target`. */
  makeToken(id: string, audience: string): Promise<{ token: string; expiresIn: number }>
}

type Deps = { clock: Clock; keyring: Keyring; keys: SigningKeys; publicUrl: string }

/** What the services of a stack prove themselves with: to the platform by a secret, to each other by a JWT. */
export const createServiceCredentials = (deps: Deps): ServiceCredentials => {
  const { clock, keyring, keys, publicUrl } = deps
  let isThere = (_id: string): boolean => false

  const secretUnder = (number: number, id: string): string =>
    prefix + keyring.mac('service-credential', id, number).toString('base64url')

  return {
    useServices: (known) => void (isThere = known),
    isThere: (id) => isThere(id),
    secretOf: (id) => secretUnder(keyring.current, id),
    isSecretOf(id, secret) {
      const given = Buffer.from(secret)
      return keyring.numbers.some((number) =>
        sameBytes(given, Buffer.from(secretUnder(number, id))),
      )
    },
    async makeToken(id, audience) {
      const stack = id.slice(0, id.indexOf('/'))
      const target = audience.includes('/') ? audience : `${stack}/${audience}`
      if (!target.startsWith(`${stack}/`) || !isThere(target)) {
        throw new OAuthError('invalid_target', 'The stack has no service of this name')
      }
      const now = Math.floor(clock.now().getTime() / 1000)
      const claims = {
        ...{ iss: publicUrl, sub: serviceName(id), aud: serviceName(target), client_id: id },
        ...{ jti: newId(), iat: now, exp: now + lifeSeconds },
      }
      return { token: await keys.sign(claims, serviceTokenType), expiresIn: lifeSeconds }
    },
  }
}
