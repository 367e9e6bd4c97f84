import type { PasskeyAnswer, PasskeyCeremony } from '@keelson/contract'
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser'
import { ProblemError } from '@keelson/sdk'
import { loadPart } from '../load-part.ts'

/** Talks with the browser about passkeys. Its library is loaded when the first passkey is used. */
const load = loadPart(() => import('@simplewebauthn/browser'))

/** The last time that the browser was asked to show its dialog, settled once that is closed. */
let lastDialog: Promise<unknown> = Promise.resolve()

/** Signs with a passkey. Throws ProblemError when none was given. */
export const askForPasskey = (ceremony: PasskeyCeremony): Promise<PasskeyAnswer> => {
  const asked = sign(ceremony)
    // What is offered in a field began at the same moment, and ends by this.
    .catch((cause: unknown) => (isWithdrawn(cause) ? sign(ceremony) : Promise.reject(cause)))
    .catch((cause: unknown) => {
      throw notGiven(cause, 'No passkey was used')
    })
  lastDialog = asked.catch(() => undefined)
  return asked
}

/** Settled while the browser shows no dialog about passkeys. */
export const dialogClosed = (): Promise<unknown> => lastDialog

/** Something else asked for a passkey, or what was offered is taken back: no person said no. */
export const isWithdrawn = (cause: unknown): boolean =>
  cause instanceof Error &&
  (cause.name === 'AbortError' || ('code' in cause && cause.code === 'ERROR_CEREMONY_ABORTED'))

const sign = async ({ challenge, options }: PasskeyCeremony, useBrowserAutofill = false) => {
  const { startAuthentication } = await load()
  const optionsJSON = options as PublicKeyCredentialRequestOptionsJSON
  const response = await startAuthentication({ optionsJSON, useBrowserAutofill })
  return { challenge, response }
}

/**
 * Signs with a passkey that is chosen in a field of the page, beside the names the browser knows.
 * Rejects when none was, also by `signal` and when `askForPasskey` takes its place.
 */
export const awaitChosenPasskey = async (
  ceremony: PasskeyCeremony,
  signal: AbortSignal,
): Promise<PasskeyAnswer> => {
  const { WebAuthnAbortService } = await load()
  signal.throwIfAborted()
  const withdraw = () => WebAuthnAbortService.cancelCeremony()
  signal.addEventListener('abort', withdraw)
  try {
    const answer = await sign(ceremony, true)
    signal.throwIfAborted()
    return answer
  } finally {
    signal.removeEventListener('abort', withdraw)
  }
}

/** Makes a passkey. Throws ProblemError when none was made. */
export const makePasskey = async ({
  challenge,
  options,
}: PasskeyCeremony): Promise<PasskeyAnswer> => {
  const { startRegistration } = await load()
  const optionsJSON = options as PublicKeyCredentialCreationOptionsJSON
  const response = await startRegistration({ optionsJSON }).catch((cause: unknown) => {
    throw notGiven(cause, 'No passkey was made')
  })
  return { challenge, response }
}

/** Browsers say the same of a cancelled dialog, of time that ran out and of no passkey at hand. */
const notAllowed = 'It was cancelled, took too long, or the device has no passkey for this address.'

const notGiven = (cause: unknown, title: string): ProblemError => {
  const { name, code = '' } = cause as Error & { code?: string }
  const isThere = code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED'
  const detail = isThere
    ? 'This device has a passkey for your account already.'
    : name === 'NotAllowedError'
      ? notAllowed
      : cause instanceof Error
        ? cause.message
        : String(cause)
  return new ProblemError(
    {
      ...{ type: 'about:blank', title, status: 0, detail, code: 'passkey_not_given' },
      hint: isThere ? 'Use another device, or remove that passkey first.' : 'You can try again.',
    },
    { cause },
  )
}
