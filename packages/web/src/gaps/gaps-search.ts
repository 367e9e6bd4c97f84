/** Which findings are looked at, kept in the address: it can be shared. */
export type GapsSearch = {
  q?: string
  /** The part of a rule's id before the slash. */
  family?: string
  service?: string
}

/** Undefined: no longer looked for. */
export type GapsSearchChange = { [K in keyof GapsSearch]?: GapsSearch[K] | undefined }

const textMax = 200

export const validateGapsSearch = (search: Record<string, unknown>): GapsSearch => {
  const found: GapsSearch = {}
  for (const name of ['q', 'family', 'service'] as const) {
    const value = search[name]
    if (typeof value !== 'string' && typeof value !== 'number') continue
    const text = String(value).slice(0, textMax)
    if (text !== '') found[name] = text
  }
  return found
}
