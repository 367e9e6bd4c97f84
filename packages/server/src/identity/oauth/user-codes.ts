import { randomInt } from 'node:crypto'

/** No vowels, so that no word comes of it, and nothing that is read for a digit (RFC 8628 6.1). */
const letters = 'BCDFGHJKLMNPQRSTVWXZ'
const length = 8

/** `XXXX-XXXX`: one of 20⁸, about 34 bits. */
export const newUserCode = (): string => {
  const code = Array.from({ length }, () => letters[randomInt(letters.length)]).join('')
  return `${code.slice(0, 4)}-${code.slice(4)}`
}

/** As somebody has typed it: in any case, with or without what stands between. */
export const asUserCode = (typed: string): string => {
  const code = typed.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')
  return `${code.slice(0, 4)}-${code.slice(4)}`
}
