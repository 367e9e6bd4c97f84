import { isRecord } from './schema/shape.ts'

/** `x`, `{ name: x }`, `{ id: x }` and the like; undefined when nothing is named. */
export const referenceOf = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value
  if (!isRecord(value)) return undefined
  const named = value['id'] ?? value['name'] ?? value['username']
  return typeof named === 'string' ? named : undefined
}
