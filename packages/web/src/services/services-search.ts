/** What is looked at, kept in the address: it can be shared, and Back undoes a filter. */
export type ServicesSearch = {
  q?: string
  /** States, joined by commas. */
  state?: string
  category?: string
  stack?: string
  /** Column, with a minus before it for descending. */
  sort?: string
  view?: 'map'
}

const text = (value: unknown): string | undefined => {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  return String(value).slice(0, 200) || undefined
}

export const validateServicesSearch = (search: Record<string, unknown>): ServicesSearch => {
  const found: ServicesSearch = {}
  for (const name of ['q', 'state', 'category', 'stack', 'sort'] as const) {
    const value = text(search[name])
    if (value !== undefined) found[name] = value
  }
  if (search['view'] === 'map') found.view = 'map'
  return found
}
