import assert from 'node:assert/strict'
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto'

/**
 * The master keys of this installation, numbered from 1; the last one is in use, earlier ones still
 * open what they sealed. Never in the database: see ADR 0021.
 */
export type Keyring = {
  /** Number of the key in use. */
  readonly current: number
  readonly numbers: readonly number[]
  /** 32 bytes for one purpose, as `audit/mac`; always the same for the same key and purpose. */
  derive(purpose: string, number?: number): Buffer
  /** HMAC-SHA-256 under the key of a purpose. */
  mac(purpose: string, content: string | Buffer, number?: number): Buffer
  /**
   * AES-256-GCM under a key derived for the purpose. `bound` is what the value belongs to, as
   * `totp|<principal id>`: put into another row, it does not open.
   */
  seal(purpose: string, plain: Buffer, bound: string): string
  /** Throws an Error when it was sealed by a key that is not there, changed, or bound elsewhere. */
  open(purpose: string, sealed: string, bound: string): Buffer
  /** Number of the key that sealed it: to find what has to be sealed anew after a rotation. */
  numberOf(sealed: string): number
}

/** For the one who may put others in the place of the keys. */
export type OwnKeyring = Keyring & {
  /** All keys of before must be among them: what they sealed is still there. */
  replace(keys: ReadonlyMap<number, Buffer>): void
  /** Any but the one in use. */
  forget(number: number): void
}

const keyBytes = 32
const ivBytes = 12
const tagBytes = 16

export const createKeyring = (given: ReadonlyMap<number, Buffer>): OwnKeyring => {
  let keys = given
  let numbers = numbersOf(given)
  let current = lastOf(numbers)
  const derived = new Map<string, Buffer>()
  /** Made once: Node takes 30 µs to make a key of bytes, and 6 for the rest of a mac (24.21). */
  const secrets = new WeakMap<Buffer, KeyObject>()

  const derive = (purpose: string, number = current): Buffer => {
    const name = `${number}/${purpose}`
    const known = derived.get(name)
    if (known !== undefined) return known
    const key = keys.get(number)
    if (key === undefined) throw new Error(`the keyring has no key ${number}`)
    const made = Buffer.from(hkdfSync('sha256', key, 'keelson', purpose, keyBytes))
    derived.set(name, made)
    return made
  }

  const secretOf = (purpose: string, number = current): KeyObject => {
    const key = derive(purpose, number)
    const known = secrets.get(key)
    if (known !== undefined) return known
    const made = createSecretKey(key)
    secrets.set(key, made)
    return made
  }

  return {
    mac: (purpose, content, number) =>
      createHmac('sha256', secretOf(purpose, number)).update(content).digest(),

    get current() {
      return current
    },
    get numbers() {
      return numbers
    },
    derive,
    replace: (next) => {
      for (const [number, key] of keys) assert.ok(next.get(number)?.equals(key))
      keys = next
      numbers = numbersOf(next)
      current = lastOf(numbers)
    },
    forget: (number) => {
      assert.notEqual(number, current)
      keys = new Map([...keys].filter(([each]) => each !== number))
      numbers = numbersOf(keys)
      for (const name of derived.keys()) if (name.startsWith(`${number}/`)) derived.delete(name)
    },
    seal: (purpose, plain, bound) => {
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv('aes-256-gcm', derive(`seal/${purpose}`), iv)
      cipher.setAAD(Buffer.from(bound))
      const text = Buffer.concat([cipher.update(plain), cipher.final()])
      const bytes = Buffer.concat([iv, cipher.getAuthTag(), text])
      return `${current}.${bytes.toString('base64url')}`
    },
    open: (purpose, sealed, bound) => {
      const bytes = Buffer.from(sealed.slice(sealed.indexOf('.') + 1), 'base64url')
      if (bytes.length < ivBytes + tagBytes) throw new Error('a sealed value is cut off')
      const key = derive(`seal/${purpose}`, numberIn(sealed))
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes))
      decipher.setAAD(Buffer.from(bound))
      decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes))
      return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()])
    },
    numberOf: numberIn,
  }
}

const numbersOf = (keys: ReadonlyMap<number, Buffer>): number[] =>
  [...keys.keys()].sort((a, b) => a - b)

const lastOf = (numbers: readonly number[]): number => {
  const last = numbers.at(-1)
  if (last === undefined) throw new Error('a keyring without a key')
  return last
}

const numberIn = (sealed: string): number => {
  const number = /^(\d{1,6})\./.exec(sealed)?.[1]
  if (number === undefined) throw new Error('a sealed value names no key')
  return Number(number)
}

/**
 * Keys as a file holds them: a line `<number> <32 bytes in base64url>` each, `#` begins a comment.
 * Else what is wrong with it, by the places of lines: a wrong one may hold half a key.
 */
export const readKeyLines = (text: string): ReadonlyMap<number, Buffer> | { fault: string } => {
  const keys = new Map<number, Buffer>()
  for (const [at, line] of text.split('\n').entries()) {
    const given = line.replace(/#.*/, '').trim()
    if (given === '') continue
    const [, number, key] = /^(\d{1,6}) ([A-Za-z0-9_-]{43})$/.exec(given) ?? []
    if (number === undefined || key === undefined) {
      return { fault: `line ${at + 1} is not "<number> <32 bytes in base64url>"` }
    }
    if (keys.has(Number(number))) {
      return { fault: `line ${at + 1} has number ${Number(number)} a second time` }
    }
    keys.set(Number(number), Buffer.from(key, 'base64url'))
  }
  return keys.size === 0 ? { fault: 'there is no line "<number> <key>" in it' } : keys
}

/** A fresh key as a line of the file. */
export const newKeyLine = (number: number): string =>
  `${number} ${randomBytes(keyBytes).toString('base64url')}\n`
