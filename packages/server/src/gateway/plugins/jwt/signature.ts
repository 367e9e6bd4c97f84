import { constants, createHmac, createPublicKey, verify, type KeyObject } from 'node:crypto'
import type { Credential, JwtAlgorithm } from '../../config/model.ts'
import { sameBytes } from '../../../kernel/same-bytes.ts'
import type { ParsedToken } from './token.ts'

type JwtSecret = Extract<Credential, { kind: 'jwt_secrets' }>

/** What a credential checks signatures with. */
export type VerificationKey = { secret: Buffer } | { publicKey: KeyObject }

/** Null when the credential has nothing of the kind its algorithm needs. */
export const verificationKey = (
  { algorithm, secret, rsa_public_key }: JwtSecret,
  secretIsBase64: boolean,
): VerificationKey | null => {
  if (algorithm.startsWith('HS')) {
    return secret === null
      ? null
      : { secret: Buffer.from(secret, secretIsBase64 ? 'base64url' : 'utf8') }
  }
  return rsa_public_key === null ? null : publicKeyOf(rsa_public_key)
}

const publicKeyOf = (pem: string): VerificationKey | null => {
  try {
    return { publicKey: createPublicKey(pem) }
  } catch {
    return null
  }
}

/** Whether the token was signed by that key, by the algorithm that it says itself. */
export const isSignedBy = (token: ParsedToken, key: VerificationKey): boolean => {
  const hash = `sha${token.algorithm.slice(2)}`
  if ('secret' in key) {
    const expected = createHmac(hash, key.secret).update(token.signed).digest()
    return sameBytes(token.signature, expected)
  }
  return isSignedByPublic(token, key.publicKey, hash)
}

const isSignedByPublic = (
  { algorithm, signed, signature }: ParsedToken,
  key: KeyObject,
  hash: string,
): boolean => {
  if (!fits(algorithm, key)) return false
  const data = Buffer.from(signed)
  if (algorithm === 'EdDSA') return verify(null, data, key, signature)
  if (algorithm.startsWith('ES')) {
    return verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, signature)
  }
  const padding = algorithm.startsWith('PS')
    ? constants.RSA_PKCS1_PSS_PADDING
    : constants.RSA_PKCS1_PADDING
  return verify(hash, data, { key, padding }, signature)
}

/** The curve belongs to the algorithm (RFC 7518 3.4). */
const curves: Partial<Record<JwtAlgorithm, string>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
}

const fits = (algorithm: JwtAlgorithm, key: KeyObject): boolean => {
  const type = key.asymmetricKeyType
  if (algorithm === 'EdDSA') return type === 'ed25519' || type === 'ed448'
  const curve = curves[algorithm]
  if (curve !== undefined) return key.asymmetricKeyDetails?.namedCurve === curve
  return type === 'rsa' || (type === 'rsa-pss' && algorithm.startsWith('PS'))
}
