import type { Fields } from './changes.ts'

export type JsonFields = Fields<unknown> & { toString(): string }

/** The fields of a JSON object; null when the text is none. An empty text is an empty object. */
export const jsonFields = (text: string): JsonFields | null => {
  const object = objectOf(text)
  if (object === null) return null
  // A map: `__proto__` is a name like every other.
  const fields = new Map(Object.entries(object))
  return {
    // In Kong's language `false` counts as absent here.
    has: (name) => fields.has(name) && fields.get(name) !== false,
    remove: (name) => void fields.delete(name),
    rename: (from, to) => {
      if (from === to) return
      const value = fields.get(from)
      fields.delete(from)
      fields.set(to, value)
    },
    set: (name, value) => void fields.set(name, value),
    append: (name, value) => void fields.set(name, appended(fields.get(name), value)),
    toString: () => JSON.stringify(Object.fromEntries(fields)),
  }
}

/** Kong's rule: text and lists grow, anything else gives way. */
const appended = (current: unknown, value: unknown): unknown[] => {
  if (typeof current === 'string') return [current, value]
  return Array.isArray(current) ? [...(current as unknown[]), value] : [value]
}

const objectOf = (text: string): object | null => {
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
