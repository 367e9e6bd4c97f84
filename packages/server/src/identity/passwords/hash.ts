import { hash, verify } from '@node-rs/argon2'
import { AppError } from '../../kernel/errors.ts'

/**
 * argon2id with the parameters of ASVS 5.0, appendix C (m = 46 MiB, t = 1, p = 1). Two at once, so that
 * attempts to sign in take 92 MiB and two cores at most; 64 may wait, the next is told to come back.
 */
const options = { memoryCost: 47_104, timeCost: 1, parallelism: 1, outputLen: 32 }
const runningMax = 2
const waitingMax = 64

export type Passwords = {
  /** Throws AppError `sign_in_busy`. */
  hash(password: string): Promise<string>
  /** Exactly as typed. Without a hash it takes as long as with one, and is false. */
  verify(stored: string | null, password: string): Promise<boolean>
}

export const createPasswords = (): Passwords => {
  const waiting: (() => void)[] = []
  let running = 0
  // What nobody's password is held against, so that an unknown name takes the same time.
  let decoy: Promise<string> | undefined

  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running < runningMax) running += 1
    else {
      if (waiting.length >= waitingMax) throw new AppError('sign_in_busy')
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
    try {
      return await work()
    } finally {
      // Who waits takes the place over: in between nobody else could slip in.
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }

  return {
    hash: (password) => inTurn(() => hash(password, options)),
    verify: async (stored, password) => {
      decoy ??= hash('decoy', options)
      const nobodys = await decoy
      const isRight = await inTurn(() => verify(stored ?? nobodys, password))
      return stored !== null && isRight
    },
  }
}
