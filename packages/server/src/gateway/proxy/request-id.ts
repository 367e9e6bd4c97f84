import { randomFillSync } from 'node:crypto'

const idChars = 32
const idsAtOnce = 512

/**
 * Random ids of 128 bits as 32 hex digits, as Kong has them. Many at a time: a call into the
 * random source and one to hex cost more than the rest of a request's head.
 */
export const createRequestIds = (): (() => string) => {
  const bytes = Buffer.alloc((idsAtOnce * idChars) / 2)
  let text = ''
  let at = 0
  return () => {
    if (at === text.length) {
      text = randomFillSync(bytes).toString('hex')
      at = 0
    }
    at += idChars
    return text.slice(at - idChars, at)
  }
}
