/** What of the gateway is looked at, kept in the address: it can be shared. */
export type GatewaySearch = {
  q?: string
  /** Key of who manages it (managed.ts). */
  by?: string
  /** Key of the route that is unfolded. */
  route?: string
}

/** Undefined: no longer looked for. */
export type GatewaySearchChange = { [K in keyof GatewaySearch]?: GatewaySearch[K] | undefined }

/** As the API takes it. */
const textMax = 200

export const validateGatewaySearch = (search: Record<string, unknown>): GatewaySearch => {
  const found: GatewaySearch = {}
  for (const name of ['q', 'by', 'route'] as const) {
    const value = search[name]
    if (typeof value !== 'string' && typeof value !== 'number') continue
    const text = String(value).slice(0, textMax)
    if (text !== '') found[name] = text
  }
  return found
}

export const changedSearch = (search: GatewaySearch, change: GatewaySearchChange): GatewaySearch =>
  validateGatewaySearch({ ...search, ...change })
