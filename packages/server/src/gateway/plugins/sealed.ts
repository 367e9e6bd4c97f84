import { hkdfSync, randomBytes } from 'node:crypto'
import { compactDecrypt, CompactEncrypt } from 'jose'
import { rememberVerdicts } from './verdicts.ts'

/** Values that only this gateway can read and write, for cookies: JWE, dir with A256GCM. */
export type Sealer = {
  seal(value: object): Promise<string>
  /** Null when it is not ours, was changed, or is no value. Shared: not to be written to. */
  open(text: string): Promise<unknown>
}

const header = { alg: 'dir', enc: 'A256GCM' } as const

/** Longer ones are none of ours. */
const maxSealed = 64 * 1024

/** Browsers send the same cookie with each request. */
const rememberedCharacters = 4 * 1024 * 1024

/**
 * `purpose` keeps what is sealed for one thing from being taken for another: each has a key of its
 * own.
 */
export const createSealer = (secret: string | Buffer, purpose: string): Sealer => {
  const key = new Uint8Array(hkdfSync('sha256', secret, 'keelson-gateway', purpose, 32))
  const open = async (text: string): Promise<unknown> => {
    try {
      const { plaintext } = await compactDecrypt(text, key, {
        keyManagementAlgorithms: [header.alg],
        contentEncryptionAlgorithms: [header.enc],
      })
      return JSON.parse(Buffer.from(plaintext).toString('utf8')) as unknown
    } catch {
      return null
    }
  }
  const openOnce = rememberVerdicts(open, rememberedCharacters)
  return {
    seal: (value) =>
      new CompactEncrypt(Buffer.from(JSON.stringify(value)))
        .setProtectedHeader(header)
        .encrypt(key),
    open: (text) => (text.length > maxSealed ? Promise.resolve(null) : openOnce(text)),
  }
}

/** For plugins without a secret, where the gateway has none for them: cookies end with the process. */
export const processSecret: Buffer = randomBytes(32)
