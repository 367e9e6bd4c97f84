// One-time codes by the clock: RFC 6238 with SHA-1, 30 seconds and 6 digits, as every app has it.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const stepSeconds = 30

/** A new secret in base32, and the address that an app reads it from. */
export const createTotpSecret = (user) => {
  const secret = [...randomBytes(32)].map((byte) => alphabet[byte % 32]).join('')
  const address = `otpauth://totp/OpsConductor:${encodeURIComponent(user)}?secret=${secret}&issuer=OpsConductor`
  return { secret, address }
}

/**
 * The step of the clock that the code is of, one step early or late allowed; undefined when it is wrong.
 * Whoever keeps the step can refuse a code that was used.
 */
export const stepOfCode = (secret, code, nowMs = Date.now()) => {
  const step = Math.floor(nowMs / 1000 / stepSeconds)
  const given = Buffer.from(String(code).padStart(6, '0').slice(0, 64))
  return [step - 1, step, step + 1].find((one) => {
    const right = Buffer.from(codeAt(secret, one))
    return right.length === given.length && timingSafeEqual(right, given)
  })
}

const codeAt = (secret, step) => {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const digest = createHmac('sha1', bytesOf(secret)).update(counter).digest()
  const offset = (digest.at(-1) ?? 0) & 0xf
  return String((digest.readUInt32BE(offset) & 0x7f_ff_ff_ff) % 1_000_000).padStart(6, '0')
}

const bytesOf = (base32) => {
  const bits = [...base32].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0'))
  const bytes = bits.join('').match(/.{8}/g) ?? []
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)))
}
