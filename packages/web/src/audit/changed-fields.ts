export type ChangedField = { name: string; before: string; after: string }

type Fields = Readonly<Record<string, unknown>>

/** Each field that is named before or after; a value that is no object is a field without a name. */
export const changedFields = (before: unknown, after: unknown): ChangedField[] => {
  const [was, is] = [fieldsOf(before), fieldsOf(after)]
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])]
  return names.map((name) => ({ name, before: textOf(was[name]), after: textOf(is[name]) }))
}

const fieldsOf = (value: unknown): Fields => {
  if (value === null || value === undefined) return {}
  return typeof value === 'object' && !Array.isArray(value) ? (value as Fields) : { '': value }
}

const textOf = (value: unknown): string => {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
