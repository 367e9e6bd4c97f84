import type { Credential } from './model.ts'

/** Keys made by the platform are kept as digests; their last characters are kept beside. */
export const endTag = 'keelson-key-end:'

const shownCharacters = 4
const keyLengthMin = 16

/** Nothing that authenticates: of a key its end, and only of one that is long enough to spare it. */
export const credentialLabel = (credential: Credential): string => {
  if ('username' in credential) return credential.username
  const { kind, key, tags } = credential
  // The key of a JWT credential is its issuer, which every token names.
  if (kind === 'jwt_secrets') return key
  const end = tags.find((tag) => tag.startsWith(endTag))?.slice(endTag.length)
  if (end !== undefined) return `…${end}`
  return key.length < keyLengthMin ? '…' : `…${key.slice(-shownCharacters)}`
}
