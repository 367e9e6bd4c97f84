import { messageOf } from '../../../kernel/errors.ts'
import { certificateOf } from '../../../kernel/http/certificate.ts'
import type { KeyAndCertificate } from '../local-authority.ts'
import { AcmeError } from './transport.ts'

/** Why it cannot be shown, its chain and its key included; null when it can. */
export const faultOf = (pair: KeyAndCertificate): string | null => {
  try {
    certificateOf(pair)
    return null
  } catch (error) {
    return messageOf(error)
  }
}

/**
 * What takes the place of a certificate can be shown, is valid now and ends no sooner than it: a server
 * that errs costs an order, and not the certificate there is. `held` can be shown. Throws AcmeError.
 */
export const requireBetter = (
  next: KeyAndCertificate,
  held: KeyAndCertificate | null,
  now: Date,
): void => {
  const fault = faultOf(next)
  if (fault !== null) {
    throw new AcmeError(`The ACME server gives a certificate that cannot be shown: ${fault}`, null)
  }
  const { startsAt, expiresAt } = certificateOf(next)
  if (startsAt > now || expiresAt <= now) {
    const span = `${startsAt.toISOString()} to ${expiresAt.toISOString()}`
    throw new AcmeError(`The ACME server gives a certificate that is not valid now: ${span}`, null)
  }
  if (held !== null && expiresAt < certificateOf(held).expiresAt) {
    const ends = expiresAt.toISOString()
    throw new AcmeError(
      `The ACME server gives a certificate that ends before the one there is: ${ends}`,
      null,
    )
  }
}
