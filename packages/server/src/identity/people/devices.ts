import type { Clock } from '../../kernel/clock.ts'
import type { Queryable } from '../../kernel/db.ts'
import type { Keyring } from '../../kernel/keys/index.ts'
import { sameBytes } from '../../kernel/same-bytes.ts'
import { newToken } from '../one-time.ts'
import { findGeneration } from './standing-store.ts'

/** The longest that browsers keep a cookie. */
export const deviceLifeSeconds = 400 * 24 * 3600

/**
 * A browser that has signed in under a name keeps a mark of it, so that others who guess at the name do
 * not slow it down. The mark says nothing but that: it opens no session, and is of no use once the
 * person's password or factors have changed, they were disabled, or 400 days have passed.
 */
export type Devices = {
  /** `<random>.<generation>.<end in seconds>.<mac over name and these>`. */
  mark(nameKey: string, generation: number): string
  /** What to count the device by, if it has signed in under this name before. */
  known(nameKey: string, mark: string | undefined): Promise<string | null>
}

type Deps = { db: Queryable; clock: Clock; keyring: Keyring }

export const createDevices = ({ db, clock, keyring }: Deps): Devices => {
  const macOf = (nameKey: string, facts: string, number: number): Buffer =>
    keyring.mac('device', `${facts}/${nameKey}`, number)
  const nowSeconds = (): number => Math.floor(clock.now().getTime() / 1000)

  return {
    mark: (nameKey, generation) => {
      const random = newToken().slice(0, 22)
      const facts = `${random}.${generation}.${nowSeconds() + deviceLifeSeconds}`
      return `${facts}.${macOf(nameKey, facts, keyring.current).toString('base64url')}`
    },
    known: async (nameKey, mark = '') => {
      const [, facts, random, generation, end, mac] =
        /^(([\w-]{22})\.(\d{1,10})\.(\d{1,12}))\.([\w-]{43})$/.exec(mark) ?? []
      if (facts === undefined || random === undefined || mac === undefined) return null
      const given = Buffer.from(mac, 'base64url')
      const isOurs = keyring.numbers.some((number) =>
        sameBytes(macOf(nameKey, facts, number), given),
      )
      if (!isOurs || Number(end) <= nowSeconds()) return null
      // Asked for marks of ours alone: whoever makes one up costs no query.
      return Number(generation) === (await findGeneration(db, { nameKey })) ? random : null
    },
  }
}
