import { hash, verify } from '@node-rs/argon2'
import { createTurns } from './turns.ts'

/** The parameters of ASVS 5.0, appendix C: m = 46 MiB, t = 1, p = 1. */
const options = { memoryCost: 47_104, timeCost: 1, parallelism: 1, outputLen: 32 }

export type Passwords = {
  /** Throws AppError `sign_in_busy`. */
  hash(password: string): Promise<string>
  /**
   * Exactly as typed, against what `find` gives once it is its turn: who is told to come back later has
   * cost no query. Without a hash it takes as long as with one, and is false. `isKnown`: it comes from
   * a device or a session that signed in before, and waits for no strangers. Throws as `hash` and `find`.
   */
  verify(find: () => Promise<string | null>, password: string, isKnown?: boolean): Promise<boolean>
}

export const createPasswords = (): Passwords => {
  const inTurn = createTurns()
  // What nobody's password is held against, so that an unknown name takes the same time.
  let decoy: Promise<string> | undefined

  return {
    hash: (password) => inTurn('known', () => hash(password, options)),
    verify: async (find, password, isKnown = false) => {
      decoy ??= hash('decoy', options)
      const nobodys = await decoy
      return inTurn(isKnown ? 'known' : 'stranger', async () => {
        const stored = await find()
        const isRight = await verify(stored ?? nobodys, password)
        return stored !== null && isRight
      })
    },
  }
}
