type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** The properties that have a value: an optional property must be left out, not set to undefined. */
export const defined = <T extends Record<string, unknown>>(given: T): Defined<T> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>

/** A list or map that holds something; an empty one says what a missing one does. */
export const filled = <T extends object>(given: T): T | undefined =>
  Object.keys(given).length === 0 ? undefined : given

/** True for what may be left out. */
export const orNothing = (given: boolean): true | undefined => (given ? true : undefined)
