import { createHash } from 'node:crypto'

/** JSON with sorted keys: the same content always gives the same text. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, child: unknown) =>
    child !== null && typeof child === 'object' && !Array.isArray(child)
      ? Object.fromEntries(Object.entries(child).sort(([a], [b]) => (a < b ? -1 : 1)))
      : child,
  )

export const digestOf = (value: unknown): string =>
  createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 32)
