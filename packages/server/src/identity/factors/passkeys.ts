import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/server'
import type { PasskeyAnswer, PasskeyCeremony } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Queryable } from '../../kernel/db.ts'
import { AppError, messageOf } from '../../kernel/errors.ts'
import type { Challenges } from '../challenges/challenges.ts'
import { findPasskey, listPasskeys, usePasskey, type NewPasskey } from './passkey-store.ts'
import type { RelyingParty } from './relying-party.ts'
import { refuseForeignAttestation } from './attestation.ts'

/** As long as people look for their key or phone. */
const lifeMs = 5 * 60_000

/** COSE: Ed25519, ES256 and RS256, which every device has one of. */
const algorithms = [-8, -7, -257]

type Person = { id: string; name: string; displayName: string }
type Registration = { purpose: 'passkey_registration' | 'link_passkey'; party: RelyingParty }

/** What a ceremony was begun with; `bound` is what its end must be about as well. */
type Facts<T> = { challenge: string; bound: T }

export type Proved =
  | { isProved: true; user: { id: string; name: string }; passkey: string }
  /** `user`: whose passkey it is, if anybody's. */
  | { isProved: false; user: { id: string; name: string } | null; why: string }

export type Passkeys = {
  /** `bound` comes back with what the browser made. */
  begin(
    on: Queryable,
    person: Person,
    given: Registration & { principalId: string | null; bound: unknown },
  ): Promise<PasskeyCeremony>
  /** Throws AppError `challenge_invalid`, `factor_refused`. */
  verifyNew(
    on: Queryable,
    answer: PasskeyAnswer,
    given: Registration,
  ): Promise<{ passkey: NewPasskey; principalId: string | null; bound: unknown }>
  beginProof(party: RelyingParty): Promise<PasskeyCeremony>
  /** Uses the challenge up, whatever comes of it. Throws AppError `challenge_invalid`. */
  prove(answer: PasskeyAnswer, party: RelyingParty): Promise<Proved>
}

/**
 * Passkeys with user verification: having the device and a fingerprint, face or PIN are both factors.
 * All are discoverable, so that nobody has to be named before.
 */
export const createPasskeys = (deps: {
  db: Db
  clock: Clock
  challenges: Challenges
}): Passkeys => {
  const { db, clock, challenges } = deps

  const checkCounter = async (
    id: string,
    { newCounter, credentialBackedUp }: { newCounter: number; credentialBackedUp: boolean },
  ): Promise<boolean> =>
    usePasskey(db, {
      ...{ id, counter: newCounter, isBackedUp: credentialBackedUp, now: clock.now() },
    })

  return {
    async begin(on, person, { purpose, party, principalId, bound }) {
      const known = await listPasskeys(on, person.id)
      const options = await generateRegistrationOptions({
        ...{ rpName: 'Keelson', rpID: party.id, attestationType: 'none' },
        ...{ userName: person.name, userDisplayName: person.displayName, timeout: lifeMs },
        userID: new Uint8Array(Buffer.from(person.id)),
        excludeCredentials: known.map(({ id, transports }) => ({ id, transports })),
        supportedAlgorithmIDs: algorithms,
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      })
      const facts: Facts<unknown> = { challenge: options.challenge, bound }
      const { token } = await challenges.make(on, { purpose, principalId, facts, lifeMs })
      return { challenge: token, options }
    },

    async verifyNew(on, answer, { purpose, party }) {
      const row = await challenges.take(on, answer.challenge, purpose)
      const { challenge, bound } = row.facts as Facts<unknown>
      const passkey = await verifyRegistration(answer, challenge, party)
      return { passkey, principalId: row.principal_id, bound }
    },

    async beginProof(party) {
      const options = await generateAuthenticationOptions({
        ...{ rpID: party.id, userVerification: 'required', timeout: lifeMs },
      })
      const facts: Facts<null> = { challenge: options.challenge, bound: null }
      const { token } = await challenges.make(db, {
        ...{ purpose: 'passkey_sign_in', principalId: null, facts, lifeMs },
      })
      return { challenge: token, options }
    },

    async prove(answer, party) {
      const row = await challenges.take(db, answer.challenge, 'passkey_sign_in')
      const { challenge } = row.facts as Facts<null>
      const response = answer.response as AuthenticationResponseJSON
      const id = typeof response.id === 'string' ? response.id : ''
      const known = await findPasskey(db, id)
      if (known === undefined) return { isProved: false, user: null, why: 'unknown passkey' }
      const user = { id: known.principal_id, name: known.user_name }
      const refused = (why: string): Proved => ({ isProved: false, user, why })
      if (known.disabled_at !== null) return refused('disabled')
      try {
        const { verified, authenticationInfo } = await verifyAuthenticationResponse({
          ...{ response, expectedChallenge: challenge, requireUserVerification: true },
          ...{ expectedOrigin: party.origins, expectedRPID: party.id },
          // The counter is looked at below: a copied passkey is told of as one.
          credential: { id, publicKey: new Uint8Array(known.public_key), counter: 0 },
        })
        if (!verified) return refused('wrong signature')
        if (!isHandleOf(response, user.id)) return refused('passkey of another user')
        if (await checkCounter(id, authenticationInfo)) {
          return { isProved: true, user, passkey: id }
        }
        return refused('its counter went back: there is a copy of it')
      } catch (error) {
        if (error instanceof AppError) throw error
        return refused(messageOf(error).slice(0, 200))
      }
    },
  }
}

/** Discoverable ones say whose they are. */
const isHandleOf = ({ response }: AuthenticationResponseJSON, id: string): boolean =>
  response.userHandle === undefined ||
  Buffer.from(response.userHandle, 'base64url').toString() === id

const transportsMax = 10

const verifyRegistration = async (
  answer: PasskeyAnswer,
  expectedChallenge: string,
  party: RelyingParty,
): Promise<NewPasskey> => {
  const response = answer.response as RegistrationResponseJSON
  try {
    refuseForeignAttestation(response)
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      ...{ response, expectedChallenge, requireUserVerification: true },
      ...{ expectedOrigin: party.origins, expectedRPID: party.id },
      supportedAlgorithmIDs: algorithms,
    })
    if (!verified) throw new Error('wrong attestation')
    const { credential, aaguid, credentialBackedUp: isBackedUp } = registrationInfo
    const transports = (credential.transports ?? []).filter((one) => typeof one === 'string')
    return {
      ...{ id: credential.id, publicKey: credential.publicKey, counter: credential.counter },
      ...{ aaguid, isBackedUp },
      transports: transports.slice(0, transportsMax).map((one) => one.slice(0, 30)),
    }
  } catch (cause) {
    throw new AppError('factor_refused', { message: 'The passkey cannot be used' }, { cause })
  }
}
