import { errors } from 'jose'
import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client'
import { AppError } from '../../kernel/errors.ts'
import { OutgoingError } from '../../kernel/outgoing/index.ts'

/** The person said no, or the provider said it of the person (RFC 6749 4.1.2.1, Core 1.0 3.1.2.6). */
const refusals: ReadonlySet<string> = new Set([
  ...['access_denied', 'login_required', 'interaction_required', 'consent_required'],
  ...['account_selection_required', 'unmet_authentication_requirements'],
])

/** What went wrong with a provider, as an AppError `sign_in_refused` or `provider_unusable`. */
export const asProblems = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof AuthorizationResponseError && refusals.has(cause.error)) {
      throw new AppError('sign_in_refused', { message: `It answered ${cause.error}` }, { cause })
    }
    const reason = reasonOf(cause)
    if (reason === null) throw cause
    throw new AppError('provider_unusable', { message: reason.slice(0, 500) }, { cause })
  }
}

/** Null: a mistake of ours. */
const reasonOf = (error: unknown): string | null => {
  if (error instanceof OutgoingError) return error.message
  if (error instanceof AuthorizationResponseError) return `It answered ${error.error}`
  if (error instanceof ResponseBodyError) return `It answered ${error.error}`
  if (error instanceof WWWAuthenticateChallengeError) return 'It did not take its own token'
  if (error instanceof ClientError) {
    return error.cause instanceof Error
      ? (reasonOf(error.cause) ?? error.cause.message)
      : error.message
  }
  return error instanceof errors.JOSEError ? `Its ID token: ${error.message}` : null
}
