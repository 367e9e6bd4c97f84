import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Keyring } from '../../kernel/keys/index.ts'
import { newToken } from '../one-time.ts'

/**
 * A browser that has signed in under a name keeps a mark of it, so that others who guess at the name do
 * not slow it down. The mark says nothing but that: it opens no session.
 */
export type Devices = {
  /** `<random>.<mac over name and random>`. */
  mark(nameKey: string): string
  /** What to count the device by, if it has signed in under this name before. */
  known(nameKey: string, mark: string | undefined): string | null
}

export const createDevices = (keyring: Keyring): Devices => {
  const macOf = (nameKey: string, random: string, number: number): Buffer =>
    createHmac('sha256', keyring.derive('device', number)).update(`${random}/${nameKey}`).digest()
  return {
    mark: (nameKey) => {
      const random = newToken().slice(0, 22)
      return `${random}.${macOf(nameKey, random, keyring.current).toString('base64url')}`
    },
    known: (nameKey, mark) => {
      const [, random, mac] = /^([\w-]{22})\.([\w-]{43})$/.exec(mark ?? '') ?? []
      if (random === undefined || mac === undefined) return null
      const given = Buffer.from(mac, 'base64url')
      const isOurs = keyring.numbers.some((number) =>
        timingSafeEqual(macOf(nameKey, random, number), given),
      )
      return isOurs ? random : null
    },
  }
}
