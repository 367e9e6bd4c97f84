import { randomBytes, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 * `kst_<id>_<secret>`: 16 letters and digits by which the token is known, then 256 random bits in
 * base64url and six letters that check the rest, so that scanners for leaked secrets, and we, can tell
 * a token from what only looks like one.
 */
export type TokenParts = { id: string; secret: string }

const idLetters = 'abcdefghijklmnopqrstuvwxyz0123456789'
const idLength = 16
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const checkLength = 6

export const tokenPrefix = 'kst_'

export const newTokenId = (): string =>
  Array.from({ length: idLength }, () => idLetters[randomInt(idLetters.length)]).join('')

export const newTokenSecret = (id: string): string => {
  const random = randomBytes(32).toString('base64url')
  return random + checkOf(id, random)
}

export const tokenText = ({ id, secret }: TokenParts): string => `${tokenPrefix}${id}_${secret}`

/** Null: not one that was ever made. */
export const readToken = (text: string): TokenParts | null => {
  const [, id, random, check] =
    /^kst_([a-z0-9]{16})_([A-Za-z0-9_-]{43})([A-Za-z0-9]{6})$/.exec(text) ?? []
  if (id === undefined || random === undefined || check !== checkOf(id, random)) return null
  return { id, secret: random + check }
}

/** CRC-32 in base 62; 62⁶ is more than 2³². */
const checkOf = (id: string, random: string): string => {
  let rest = crc32(tokenText({ id, secret: random }))
  let digits = ''
  for (let at = 0; at < checkLength; at += 1) {
    digits = (base62[rest % 62] ?? '') + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}
