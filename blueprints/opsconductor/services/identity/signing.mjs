// Signs tokens with a key that is made once, and tells the public half of it.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
} from 'node:crypto'

/** @param {{ query: Function }} database */
export const openSigner = async (database) => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  await database.query(
    `insert into identity.signing_keys (slot, id, private_pem) values ('current', $1, $2)
     on conflict do nothing`,
    [randomUUID(), pem],
  )
  const [{ id, private_pem: kept }] = await database.query(
    'select id, private_pem from identity.signing_keys',
  )
  const key = createPrivateKey(kept)

  return {
    /** The public key, as RFC 7517 has it. */
    publicKeys: [
      { ...createPublicKey(key).export({ format: 'jwk' }), kid: id, use: 'sig', alg: 'EdDSA' },
    ],
    /** @param {object} claims @param {number} lifeSeconds */
    signToken: (claims, lifeSeconds) => {
      const now = Math.floor(Date.now() / 1000)
      const parts = [
        { alg: 'EdDSA', typ: 'JWT', kid: id },
        { ...claims, iat: now, exp: now + lifeSeconds },
      ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      const signature = sign(null, Buffer.from(parts.join('.')), key)
      return [...parts, signature.toString('base64url')].join('.')
    },
  }
}
