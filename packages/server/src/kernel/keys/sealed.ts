/**
 * A column of values that a master key sealed, by the one who seals them: so that they can be sealed
 * anew. Names are of our own tables, never from a request.
 */
export type SealedColumn = {
  /** As people call them: `secrets of authenticator apps`. */
  what: string
  table: string
  /** Primary key, as text. */
  id: string
  column: string
  purpose: string
  bound: (id: string) => string
}

/** `number`: a column, or an expression, with the number of the master key that a row hangs on. */
export type NumberedColumn = { what: string; table: string; number: string }
