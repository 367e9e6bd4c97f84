import type { RegistrationResponseJSON } from '@simplewebauthn/server'
import { decodeAttestationObject, isoBase64URL } from '@simplewebauthn/server/helpers'

/**
 * We ask for none. One with certificates would have us ask their issuers, at addresses that whoever
 * made it chose, whether they are revoked: refused before it is looked at. Throws Error.
 */
export const refuseForeignAttestation = ({ response }: RegistrationResponseJSON): void => {
  const object = decodeAttestationObject(isoBase64URL.toBuffer(response.attestationObject))
  const format = object.get('fmt')
  const isOwn = format === 'packed' && object.get('attStmt').get('x5c') === undefined
  if (format !== 'none' && !isOwn) throw new Error(`attestation ${format} was not asked for`)
}
