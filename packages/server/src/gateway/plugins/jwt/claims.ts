/** Claims that are wrong, each with why, in Kong's words. */
export type ClaimErrors = Readonly<Record<string, string>>

type Claims = Readonly<Record<string, unknown>>

/** Null when all of `names` are there and hold at this time (seconds since 1970). */
export const errorsOfClaims = (
  claims: Claims,
  names: readonly ('exp' | 'nbf')[],
  now: number,
): ClaimErrors | null => {
  const errors: Record<string, string> = {}
  for (const name of names) {
    const value = claims[name]
    if (typeof value !== 'number') errors[name] = 'must be a number'
    else if (name === 'exp' && value <= now) errors[name] = 'token expired'
    else if (name === 'nbf' && value > now) errors[name] = 'token not valid yet'
  }
  return Object.keys(errors).length === 0 ? null : errors
}

/** Null when the token ends within `seconds`; 0 is no limit. */
export const errorsOfExpiration = (
  { exp }: Claims,
  seconds: number,
  now: number,
): ClaimErrors | null => {
  if (seconds === 0) return null
  return typeof exp === 'number' && exp - now <= seconds
    ? null
    : { exp: 'exceeds maximum allowed expiration' }
}
