import type { Factors, PasskeyAnswer, ProviderIdentity, SecondFactorAsked } from '@keelson/contract'
import { createDelegates } from './fixture-delegates.ts'
import { Refusal } from './refusal.ts'

/** How the person of the fixture proves who they are. */

export const codes = { totp: '246135', recovery: 'A1B2-C3D4-E5F6-G7H8-J9K0-M1N2' }
/** As options and clientDataJSON have it. */
const webAuthnChallenge = 'Zml4dHVyZQ'

const at = '2026-11-20T09:00:00.000Z'
const later = '2026-11-28T09:00:00.000Z'

const refuse = (status: number, code: string, title: string, hint = ''): Refusal =>
  new Refusal(status, title, { code, title, hint })

const wrongFactor = () =>
  refuse(
    ...([422, 'factor_refused', 'The code is wrong'] as const),
    'Check the clock of the device; a code works once.',
  )

const recoveryCodes = Array.from(
  { length: 8 },
  (_, index) => `${index}A1B-2C3D-4E5F-6G7H-8J9K-0M1N`,
)

export const someIdentities: ProviderIdentity[] = [
  {
    ...{ provider: 'acme', providerName: 'Acme', subject: '0815', createdAt: at },
    ...{ email: 'ana@acme.example', lastUsedAt: at },
  },
]

const registration = {
  ...{ challenge: webAuthnChallenge, rp: { id: 'localhost', name: 'Keelson' } },
  user: { id: 'dS1hbmE', name: 'ana', displayName: 'Ana Lindqvist' },
  pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
  authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  ...{ excludeCredentials: [], attestation: 'none', timeout: 60_000 },
}
const authentication = {
  ...{ challenge: webAuthnChallenge, rpId: 'localhost', userVerification: 'required' },
  timeout: 60_000,
}

type WebAuthnResponse = { id: string; response: { clientDataJSON: string } }

const idOf = ({ response }: Pick<PasskeyAnswer, 'response'>, type: string): string => {
  const { id, response: told } = response as WebAuthnResponse
  const client = JSON.parse(Buffer.from(told.clientDataJSON, 'base64url').toString()) as object
  const { type: done, challenge } = client as { type: string; challenge: string }
  if (done !== type || challenge !== webAuthnChallenge) throw wrongFactor()
  return id
}

const noFactors: Factors = {
  ...{ hasPassword: true, totp: null, passkeys: [], recoveryCodesLeft: 0, required: false },
}

/** What is changed here takes a fresh proof, as `fresh` of the contract says. */
const needsProof = (method: string, [resource, name]: readonly string[]): boolean => {
  if (method === 'GET') return false
  if (resource === 'device-requests') return name === 'decisions'
  if (resource !== 'account') return false
  if (name === 'totp' || name === 'recovery-codes' || name === 'identities') return true
  if (name === 'passkeys') return method !== 'PUT'
  return name === 'tokens' && method === 'POST'
}

type Given = { parts: readonly string[]; body: unknown }

export const createCredentials = (password: string) => {
  let factors = noFactors
  let isFresh = true
  let isChallengeOver = false
  let identities: ProviderIdentity[] = []
  let providers: { id: string; name: string }[] = []
  const delegates = createDelegates()
  let known: string[] = []

  const hasFactor = () => factors.totp !== null || factors.passkeys.length > 0
  const page = <T>(items: T[]) => ({ items, nextCursor: null })
  const change = (next: Partial<Factors>) => {
    factors = { ...factors, ...next }
  }
  const added = (isFirst: boolean) => {
    if (isFirst) change({ recoveryCodesLeft: recoveryCodes.length })
    return { recoveryCodes: isFirst ? recoveryCodes : null }
  }

  const provePasskey = (body: unknown) => {
    if (!known.includes(idOf(body as PasskeyAnswer, 'webauthn.get'))) throw wrongFactor()
  }

  const isRightCode = (code: string | undefined): boolean =>
    code === codes.recovery || (factors.totp !== null && code === codes.totp)

  const confirm = (body: unknown): undefined => {
    const given = body as { password?: string; code?: string; passkey?: PasskeyAnswer }
    if (given.passkey !== undefined) provePasskey(given.passkey)
    else if (given.password !== password) {
      throw refuse(401, 'sign_in_refused', 'The password is another one')
    } else if (hasFactor() && !isRightCode(given.code)) throw wrongFactor()
    isFresh = true
  }

  const addPasskey = (body: unknown) => {
    const given = body as PasskeyAnswer & { name: string }
    const id = idOf(given, 'webauthn.create')
    known = [...known, id]
    const isFirst = !hasFactor()
    const row = { id, name: given.name, backedUp: false, createdAt: at, lastUsedAt: null }
    change({ passkeys: [...factors.passkeys, row] })
    return added(isFirst)
  }

  const addTotp = (body: unknown) => {
    if ((body as { code: string }).code !== codes.totp) throw wrongFactor()
    const isFirst = !hasFactor()
    change({ totp: { since: at } })
    return added(isFirst)
  }

  const aboutOne = (method: string, [, kind, id = '']: readonly string[], body: unknown) => {
    switch (`${method} ${kind}`) {
      case 'PUT passkeys': {
        const { name } = body as { name: string }
        change({
          passkeys: factors.passkeys.map((one) => (one.id === id ? { ...one, name } : one)),
        })
        return undefined
      }
      case 'DELETE passkeys':
        change({ passkeys: factors.passkeys.filter((one) => one.id !== id) })
        return undefined
      case 'POST identities':
        return { url: `/sign-in/${id}` }
      case 'DELETE identities':
        identities = identities.filter(({ provider }) => provider !== id)
        return undefined
      default:
        throw new Refusal(404, `Nothing at ${kind ?? ''}`)
    }
  }

  /** Undefined: nothing of this is answered here. */
  const answer = (method: string, { parts, body }: Given): { told: unknown } | undefined => {
    const [resource, name = ''] = parts
    const isFirstPassword = parts.join(' ') === 'account password' && !factors.hasPassword
    if ((isFirstPassword || needsProof(method, parts.map(String))) && !isFresh) {
      throw refuse(403, 'reauthentication_required', 'Prove again that it is you')
    }
    const delegated = delegates.answer(method, { parts, body })
    if (delegated !== undefined) return delegated
    switch (`${method} ${parts.join(' ')}`) {
      case 'POST session passkey-challenges':
        return { told: { challenge: 'challenge-2', options: authentication } }
      case 'POST session confirmations':
        return { told: confirm(body) }
      case 'POST links passkey-challenges':
      case 'POST account passkeys challenges':
        return { told: { challenge: 'challenge-3', options: registration } }
      case 'GET account factors':
        return { told: factors }
      case 'POST account totp': {
        const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
        return {
          told: { secret, uri: `otpauth://totp/Keelson:ana?secret=${secret}&issuer=Keelson` },
        }
      }
      case 'POST account totp confirmations':
        return { told: addTotp(body) }
      case 'PUT account password':
        if (!isFirstPassword) return undefined
        change({ hasPassword: true })
        return { told: undefined }
      case 'DELETE account totp':
        change({ totp: null })
        return { told: undefined }
      case 'POST account passkeys':
        return { told: addPasskey(body) }
      case 'POST account recovery-codes':
        change({ recoveryCodesLeft: recoveryCodes.length })
        return { told: { codes: recoveryCodes } }
      case 'GET account identities':
        return { told: page(identities) }
      case 'POST account identities':
        identities = someIdentities
        return { told: undefined }
      default:
        if (resource !== 'account' || parts.length < 3) return undefined
        if (!['passkeys', 'identities'].includes(name)) return undefined
        return { told: aboutOne(method, parts, body) }
    }
  }

  /** After the password: null when it is enough. */
  const secondStep = (): SecondFactorAsked | null => {
    if (!hasFactor()) return null
    const asked: SecondFactorAsked['factors'] = [
      ...(factors.totp === null ? [] : (['totp'] as const)),
      ...(factors.passkeys.length === 0 ? [] : (['passkey'] as const)),
      'recovery_code',
    ]
    return { challenge: 'challenge-1', factors: asked, expiresAt: later }
  }

  const proveCode = (body: unknown) => {
    if (isChallengeOver) {
      throw refuse(
        ...([401, 'challenge_invalid', 'This took too long, or was tried too often'] as const),
        'Begin again.',
      )
    }
    const { code } = body as { code: string }
    if (code !== codes.totp && code !== codes.recovery) throw wrongFactor()
  }

  return {
    answer,
    secondStep,
    proveCode,
    provePasskey,
    providers: () => providers,
    factorNeeded: () => factors.required && !hasFactor(),
    /** Factors are those from now on. */
    have: change,
    /** A passkey that the browser of the test holds. */
    know: (id: string) => {
      known = [...known, id]
    },
    /** The last proof is too long ago. */
    goStale: () => {
      isFresh = false
    },
    /** What was begun with the password is over. */
    endChallenge: () => {
      isChallengeOver = true
    },
    offer: (offered: { id: string; name: string }[], linked: ProviderIdentity[] = []) => {
      providers = offered
      identities = linked
    },
    hold: delegates.hold,
  }
}
