import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify(scrypt)
const keyBytes = 32

/** `salt:key`, both hexadecimal, by scrypt with Node's cost (N=16384, r=8, p=1). */
export const hashPassword = async (password) => {
  const salt = randomBytes(16)
  const key = await derive(password, salt, keyBytes)
  return `${salt.toString('hex')}:${key.toString('hex')}`
}

export const isPassword = async (password, hash) => {
  const [salt, key] = hash.split(':').map((part) => Buffer.from(part, 'hex'))
  return timingSafeEqual(await derive(password, salt, keyBytes), key)
}
