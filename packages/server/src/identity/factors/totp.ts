import { generateSecret, generateURI, verifySync } from 'otplib'
import type { Clock } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Keyring } from '../../kernel/keys/index.ts'
import { confirmTotp, findTotp, putTotpDraft, takeStep } from './store.ts'

/** 160 bits, as long as SHA-1's own output: RFC 4226, section 4. */
const secretBytes = 20
/** One step of 30 s before and after: for clocks that differ and people who type. */
const toleranceSeconds = 30

/** By the codes of an authenticator app (RFC 6238: SHA-1, six digits, 30 s). */
export type Totp = {
  /** Counts once a code of it was given; the one that counts until then goes on. */
  begin(
    tx: Tx,
    user: { id: string; name: string },
  ): Promise<{ /** Base32. */ secret: string; uri: string }>
  /** The begun one counts from now on; false: the code is not of it. */
  confirm(tx: Tx, principalId: string, code: string): Promise<boolean>
  /** Takes the time step of the code: it, and all before, are of no use any more. */
  take(tx: Tx, principalId: string, code: string): Promise<boolean>
}

/** As people type it: with or without a space in the middle. */
export const isTotpCode = (typed: string): boolean => /^\d{6}$/.test(withoutSpaces(typed))
const withoutSpaces = (typed: string): string => typed.replaceAll(/\s/g, '')

export const createTotp = ({ keyring, clock }: { keyring: Keyring; clock: Clock }): Totp => {
  /** The one that counts and the one that was begun: two in one row, so that one can be replaced. */
  const seal = (principalId: string, secrets: readonly string[]): string =>
    keyring.seal('totp', Buffer.from(secrets.join(' ')), `totp|${principalId}`)
  const open = (principalId: string, sealed: string): string[] =>
    keyring.open('totp', sealed, `totp|${principalId}`).toString().split(' ')

  /** Of the code within the window; null: it is of no step there. */
  const stepOf = (secret: string, typed: string): number | null => {
    const token = withoutSpaces(typed)
    if (!/^\d{6}$/.test(token)) return null
    const epoch = Math.floor(clock.now().getTime() / 1000)
    const found = verifySync({ secret, token, epoch, epochTolerance: toleranceSeconds })
    return found.valid && 'timeStep' in found ? found.timeStep : null
  }

  return {
    async begin(tx, user) {
      const secret = generateSecret({ length: secretBytes })
      const known = await findTotp(tx, user.id)
      const counting = known?.confirmed_at == null ? [] : open(user.id, known.sealed_secret)
      const sealed = seal(user.id, [...counting.slice(0, 1), secret])
      await putTotpDraft(tx, { principalId: user.id, sealed, now: clock.now() })
      return { secret, uri: generateURI({ issuer: 'Keelson', label: user.name, secret }) }
    },

    async confirm(tx, principalId, code) {
      const known = await findTotp(tx, principalId)
      const secrets = known === undefined ? [] : open(principalId, known.sealed_secret)
      const [begun] = secrets.slice(known?.confirmed_at == null ? 0 : 1)
      if (begun === undefined) {
        const message = 'Begin with a new secret for the authenticator app'
        throw new AppError('factor_refused', { message })
      }
      const step = stepOf(begun, code)
      if (step === null) return false
      const sealed = seal(principalId, [begun])
      await confirmTotp(tx, { principalId, sealed, step, now: clock.now() })
      return true
    },

    async take(tx, principalId, code) {
      const known = await findTotp(tx, principalId)
      if (known?.confirmed_at == null) return false
      const [counting = ''] = open(principalId, known.sealed_secret)
      const step = stepOf(counting, code)
      return step !== null && takeStep(tx, { principalId, step })
    },
  }
}
