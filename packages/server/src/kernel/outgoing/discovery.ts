import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { fetchOutgoing, type OutgoingPolicy } from './fetch.ts'
import { OutgoingError } from './outgoing-error.ts'

const metadataSchema = Type.Object({
  issuer: Type.String(),
  jwks_uri: Type.String(),
  authorization_endpoint: Type.Optional(Type.String()),
  token_endpoint: Type.Optional(Type.String()),
  end_session_endpoint: Type.Optional(Type.String()),
  introspection_endpoint: Type.Optional(Type.String()),
})

/** What an issuer says of itself (OpenID Connect Discovery 1.0, 3). */
export type IssuerMetadata = Static<typeof metadataSchema>

/**
 * Reads `<issuer>/.well-known/openid-configuration`.
 *
 * @throws OutgoingError
 */
export const discoverIssuer = async (
  issuer: string,
  policy: OutgoingPolicy,
): Promise<IssuerMetadata> => {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const answer = await fetchOutgoing(url, policy)
  if (answer.status !== 200) {
    throw new OutgoingError('unreachable', `${url} answered ${answer.status}`)
  }
  const metadata = parsedMetadata(answer.body)
  if (metadata === null) throw new OutgoingError('unreachable', `${url} is no discovery document`)
  // Else one provider could speak for another (OpenID Connect Discovery 1.0, 4.3).
  if (metadata.issuer !== issuer) {
    throw new OutgoingError('unreachable', `${url} speaks for ${metadata.issuer}`)
  }
  return metadata
}

const parsedMetadata = (body: Buffer): IssuerMetadata | null => {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return Value.Check(metadataSchema, value) ? value : null
  } catch {
    return null
  }
}
