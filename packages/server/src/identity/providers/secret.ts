import type { Keyring } from '../../kernel/keys/index.ts'

const purpose = 'provider'
const boundTo = (providerId: string): string => `provider|${providerId}`

/** In the row of another provider it does not open. */
export const sealSecret = (keyring: Keyring, providerId: string, secret: string): string =>
  keyring.seal(purpose, Buffer.from(secret), boundTo(providerId))

export const openSecret = (keyring: Keyring, providerId: string, sealed: string): string =>
  keyring.open(purpose, sealed, boundTo(providerId)).toString()
