/**
 * Text as PostgreSQL takes it: neither text nor jsonb holds NUL or half a surrogate pair, and the
 * output of programs, or a cut through it, may have both.
 */
export const storableText = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed()

/** JSON whose texts and names of members are storable. */
export const storableJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(escapes, (escape) => (escape.length === 2 ? escape : '\uFFFD'))

/** All that JSON.stringify writes; those of six characters stand for NUL and for half a pair. */
const escapes = /\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g
