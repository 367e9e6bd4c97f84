import type { PasskeyAnswer, PasskeyCeremony } from '@keelson/contract'
import { whileSeen } from '../live/while-seen.ts'
import { awaitChosenPasskey, dialogClosed, isWithdrawn } from './ceremony.ts'
import { passkeyPlace } from './place.ts'

/** A challenge lives five minutes at the platform, and this is begun anew before. */
const renewMs = 4 * 60_000
/** Then something is wrong that asking again does not mend; the button is still there. */
const failuresMax = 3

type Offer = {
  begin: () => Promise<PasskeyCeremony>
  /** Ends once the platform has said what it thinks of it. */
  onChosen: (answer: PasskeyAnswer) => Promise<unknown>
}

/**
 * Offers passkeys in the field whose autocomplete ends with `webauthn`, as long as the page is looked
 * at, where browser and address can. Nobody is named before: which passkeys there are stays between the
 * browser and the person. Returns the way to stop.
 */
export const offerPasskeys = (offer: Offer): (() => void) => {
  if (passkeyPlace().kind !== 'here') return () => {}
  let running: AbortController | undefined
  return whileSeen({
    start: () => {
      if (running !== undefined) return
      running = new AbortController()
      // The rest of the page does without it.
      void offerUntil(running.signal, offer).catch(() => undefined)
    },
    stop: () => {
      running?.abort()
      running = undefined
    },
  })
}

const offerUntil = async (signal: AbortSignal, { begin, onChosen }: Offer): Promise<void> => {
  if (!(await isOffered())) return
  let failures = 0
  while (failures < failuresMax && !signal.aborted) {
    await dialogClosed()
    const ceremony = await begin()
    const life = AbortSignal.timeout(renewMs)
    try {
      await onChosen(await awaitChosenPasskey(ceremony, AbortSignal.any([signal, life])))
      return
    } catch (error) {
      if (!life.aborted && !isWithdrawn(error)) failures += 1
    }
  }
}

/** Browsers from before it know nothing of it. */
const isOffered = async (): Promise<boolean> =>
  'isConditionalMediationAvailable' in PublicKeyCredential &&
  PublicKeyCredential.isConditionalMediationAvailable()
