/** Whose tokens are looked at; without: everybody's. */
export type TokensSearch = { owner?: string }

const ownerMax = 100

export const validateTokensSearch = ({ owner }: Record<string, unknown>): TokensSearch => {
  if (typeof owner !== 'string' && typeof owner !== 'number') return {}
  const name = String(owner).slice(0, ownerMax)
  return name === '' ? {} : { owner: name }
}
