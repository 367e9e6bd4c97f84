// Credentials at rest: AES-256-GCM, bound to the asset that they are of.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const nonceBytes = 12
const tagBytes = 16

/** @param {string} keyHex 32 bytes in hexadecimal */
export const openVault = (keyHex) => {
  const key = Buffer.from(keyHex, 'hex')
  if (key.length !== 32) throw new Error('credentials_key has to be 64 hexadecimal digits')

  return {
    /** @param {string} id of the asset @param {object} credentials */
    seal: (id, credentials) => {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(id))
      const sealed = [cipher.update(JSON.stringify(credentials), 'utf8'), cipher.final()]
      return Buffer.concat([nonce, cipher.getAuthTag(), ...sealed])
    },
    /** Throws when the key, the asset or the bytes are not those that were sealed. */
    open: (id, bytes) => {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes))
      decipher.setAAD(Buffer.from(id))
      decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
      const opened = [decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]
      return JSON.parse(Buffer.concat(opened).toString('utf8'))
    },
  }
}
