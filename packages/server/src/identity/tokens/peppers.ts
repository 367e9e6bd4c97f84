import { timingSafeEqual } from 'node:crypto'
import type { Keyring } from '../../kernel/keys/index.ts'
import type { TokenParts } from './format.ts'

/** What is kept of a secret: an HMAC, and the number of the master key it was made under. */
export type Kept = { mac: Buffer; pepper: number }

/** Whoever has the table alone can try no secret: the peppers come from the master key. */
export const createPeppers = (keyring: Keyring) => {
  const macOf = ({ id, secret }: TokenParts, pepper: number): Buffer =>
    keyring.mac('token/pepper', `${id}|${secret}`, pepper)

  const keep = (token: TokenParts): Kept => ({
    mac: macOf(token, keyring.current),
    pepper: keyring.current,
  })

  return {
    keep,
    /** Takes as long whether there is something to compare with or not. */
    isKept(token: TokenParts, kept: Kept | null): boolean {
      // A pepper whose master key was dropped opens nothing.
      const known = kept !== null && keyring.numbers.includes(kept.pepper) ? kept : null
      const isSame = timingSafeEqual(
        macOf(token, known?.pepper ?? keyring.current),
        known?.mac ?? nothing,
      )
      return isSame && known !== null
    },
    isOld: ({ pepper }: Kept): boolean => pepper !== keyring.current,
  }
}

const nothing = Buffer.alloc(32)
