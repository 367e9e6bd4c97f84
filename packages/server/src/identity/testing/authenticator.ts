import {
  createHash,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
  type JsonWebKey,
} from 'node:crypto'

/**
 * What a browser and its authenticator do of WebAuthn, written by the specification: ES256 keys that
 * are discoverable, attestation `none`, and CBOR by hand.
 */
type Key = {
  id: string
  rpId: string
  userHandle: string
  privateKey: KeyObject
  /** Signatures so far. */
  counter: number
}

/** What an honest one does otherwise. */
type Twist = {
  origin?: string
  rpId?: string
  challenge?: string
  isVerified?: boolean
  counter?: number
  userHandle?: string
  format?: string
  /** Changed after it was signed. */
  signature?: Buffer
}

type CreationOptions = {
  challenge: string
  rp: { id?: string }
  user: { id: string; name: string }
  excludeCredentials?: { id: string }[]
}
type RequestOptions = { challenge: string; rpId?: string }

const flags = { present: 0x01, verified: 0x04, attested: 0x40 }

export const createAuthenticator = (origin = 'http://localhost:7070') => {
  const keys: Key[] = []

  const clientData = (type: string, challenge: string, twist: Twist): string =>
    encode(
      JSON.stringify({
        ...{ type, challenge: twist.challenge ?? challenge, crossOrigin: false },
        origin: twist.origin ?? origin,
      }),
    )

  const authData = (rpId: string, bits: number, counter: number, rest: Buffer): Buffer => {
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    return Buffer.concat([sha256(Buffer.from(rpId)), Buffer.from([bits]), count, rest])
  }

  const bitsOf = ({ isVerified = true }: Twist): number =>
    flags.present | (isVerified ? flags.verified : 0)

  return {
    keys,

    /** `navigator.credentials.create` */
    create(options: object, twist: Twist = {}) {
      const { challenge, rp, user, excludeCredentials = [] } = options as CreationOptions
      const known = new Set(excludeCredentials.map(({ id }) => id))
      if (keys.some(({ id }) => known.has(id))) throw new Error('InvalidStateError')
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const id = randomBytes(32)
      const key: Key = {
        ...{ id: encode(id), rpId: rp.id ?? '', userHandle: user.id, privateKey, counter: 0 },
      }
      keys.push(key)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(id.length)
      const attested = Buffer.concat([
        Buffer.alloc(16),
        length,
        id,
        coseKey(publicKey.export({ format: 'jwk' })),
      ])
      const data = authData(
        twist.rpId ?? key.rpId,
        bitsOf(twist) | flags.attested,
        twist.counter ?? 0,
        attested,
      )
      const object = cborMap([
        [cborText('fmt'), cborText(twist.format ?? 'none')],
        [cborText('attStmt'), twist.format === undefined ? cborMap([]) : foreignStatement],
        [cborText('authData'), cborBytes(data)],
      ])
      return {
        ...{ id: key.id, rawId: key.id, type: 'public-key', clientExtensionResults: {} },
        response: {
          clientDataJSON: clientData('webauthn.create', challenge, twist),
          attestationObject: encode(object),
          transports: ['internal'],
        },
      }
    },

    /** `navigator.credentials.get` with the last key made for this name, or the one given. */
    get(options: object, twist: Twist & { key?: Key } = {}) {
      const { challenge, rpId } = options as RequestOptions
      const key = twist.key ?? keys.findLast((one) => one.rpId === rpId)
      if (key === undefined) throw new Error('NotAllowedError')
      key.counter = twist.counter ?? key.counter + 1
      const data = authData(twist.rpId ?? key.rpId, bitsOf(twist), key.counter, Buffer.alloc(0))
      const clientDataJSON = clientData('webauthn.get', challenge, twist)
      const signed = Buffer.concat([data, sha256(Buffer.from(clientDataJSON, 'base64url'))])
      return {
        ...{ id: key.id, rawId: key.id, type: 'public-key', clientExtensionResults: {} },
        response: {
          ...{ clientDataJSON, authenticatorData: encode(data) },
          signature: encode(twist.signature ?? sign('sha256', signed, key.privateKey)),
          userHandle: twist.userHandle ?? key.userHandle,
        },
      }
    },
  }
}

export type Authenticator = ReturnType<typeof createAuthenticator>

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
const encode = (bytes: Buffer | string): string => Buffer.from(bytes).toString('base64url')

/** RFC 8949: major type and length. */
const cborHead = (major: number, value: number): Buffer => {
  if (value < 24) return Buffer.from([(major << 5) | value])
  if (value < 0x100) return Buffer.from([(major << 5) | 24, value])
  return Buffer.from([(major << 5) | 25, value >> 8, value & 0xff])
}
const cborNumber = (value: number): Buffer =>
  value < 0 ? cborHead(1, -1 - value) : cborHead(0, value)
const cborText = (text: string): Buffer =>
  Buffer.concat([cborHead(3, Buffer.byteLength(text)), Buffer.from(text)])
const cborBytes = (bytes: Buffer): Buffer => Buffer.concat([cborHead(2, bytes.length), bytes])
const cborMap = (pairs: readonly (readonly [Buffer, Buffer])[]): Buffer =>
  Buffer.concat([cborHead(5, pairs.length), ...pairs.flat()])
const cborList = (items: readonly Buffer[]): Buffer =>
  Buffer.concat([cborHead(4, items.length), ...items])

/** RFC 9053: EC2, ES256, P-256. */
const coseKey = ({ x = '', y = '' }: JsonWebKey): Buffer =>
  cborMap([
    [cborNumber(1), cborNumber(2)],
    [cborNumber(3), cborNumber(-7)],
    [cborNumber(-1), cborNumber(1)],
    [cborNumber(-2), cborBytes(Buffer.from(x, 'base64url'))],
    [cborNumber(-3), cborBytes(Buffer.from(y, 'base64url'))],
  ])

/** With a certificate of whoever it pleases. */
const foreignStatement = cborMap([
  [cborText('alg'), cborNumber(-7)],
  [cborText('sig'), cborBytes(Buffer.alloc(8))],
  [cborText('x5c'), cborList([cborBytes(Buffer.alloc(8))])],
])
