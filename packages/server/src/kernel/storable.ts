/**
 * Text as PostgreSQL takes it: neither text nor jsonb holds NUL or half a surrogate pair, and the
 * output of programs, or a cut through it, may have both.
 */
export const storableText = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed()

/** JSON whose texts are storable. */
export const storableJson = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'string' ? storableText(part) : part,
  )
