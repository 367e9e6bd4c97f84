import { Type, type Static } from 'typebox'

/*
 * What an ACME server answers (RFC 8555 7.1), as far as it is used. It may be anybody's, and is held to
 * its form and to bounds: a person who reads of a problem is to read words, and not our own stumbling.
 */

const url = Type.String({ pattern: '^https?://[!-~]+$', maxLength: 2000 })
/** RFC 8555 6.7. */
const problem = Type.Unknown()

export const directoryDocument = Type.Object({
  newNonce: url,
  newAccount: url,
  newOrder: url,
})

export const orderDocument = Type.Object({
  status: Type.Enum(['pending', 'ready', 'processing', 'valid', 'invalid']),
  authorizations: Type.Array(url, { maxItems: 100 }),
  finalize: url,
  certificate: Type.Optional(url),
  error: Type.Optional(problem),
})

export const authorizationDocument = Type.Object({
  status: Type.Enum(['pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked']),
  identifier: Type.Object({ value: Type.String({ maxLength: 255 }) }),
  challenges: Type.Array(
    Type.Object({
      type: Type.String({ maxLength: 100 }),
      url: Type.Optional(url),
      token: Type.Optional(Type.String({ maxLength: 1000 })),
      error: Type.Optional(problem),
    }),
    { maxItems: 20 },
  ),
})

/** Where nothing of the answer is used. */
export const anyDocument = Type.Unknown()

export type Directory = Static<typeof directoryDocument>

/** The words of a problem, if it has any. */
export const detailOf = (given: unknown): string | undefined => {
  const { detail } = (given ?? {}) as { detail?: unknown }
  return typeof detail === 'string' ? detail : undefined
}
