/** Anything with named fields: header fields, a query, a form, a JSON object. */
export type Fields<V> = {
  has(name: string): boolean
  remove(name: string): void
  /** Takes the place of a field that already has the new name. */
  rename(from: string, to: string): void
  /** One value, instead of all there were. */
  set(name: string, value: V): void
  append(name: string, value: V): void
}

/** What to do with fields, ready to run; values are made for each request. */
export type Changes<E, V> = {
  remove: readonly string[]
  rename: readonly { name: string; to: (env: E) => string }[]
  replace: readonly { name: string; value: (env: E) => V }[]
  add: readonly { name: string; value: (env: E) => V }[]
  append: readonly { name: string; value: (env: E) => V }[]
}

export const isEmpty = (changes: Readonly<Record<string, readonly unknown[]>>): boolean =>
  Object.values(changes).every((entries) => entries.length === 0)

/** Always in Kong's order: remove, rename, replace, add, append. */
export const applyChanges = <E, V>(changes: Changes<E, V>, fields: Fields<V>, env: E): void => {
  for (const name of changes.remove) fields.remove(name)
  for (const { name, to } of changes.rename) if (fields.has(name)) fields.rename(name, to(env))
  for (const { name, value } of changes.replace) if (fields.has(name)) fields.set(name, value(env))
  for (const { name, value } of changes.add) if (!fields.has(name)) fields.set(name, value(env))
  for (const { name, value } of changes.append) fields.append(name, value(env))
}

/** `name:value`; the value may contain colons, and is empty when there is none. */
export const splitEntry = (entry: string): { name: string; value: string } => {
  const [, name = '', value = ''] = /^([^:]+):*([\s\S]*)$/.exec(entry) ?? []
  return { name, value }
}

/** Field names as Kong allows them. */
export const isFieldName = (name: string): boolean => /^[A-Za-z0-9_-]+$/.test(name)
