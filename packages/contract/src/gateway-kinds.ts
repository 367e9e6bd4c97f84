/** Kinds whose fields are written otherwise than they are spoken of. */
const spoken: readonly (readonly [written: RegExp, spoken: string])[] = [
  [/^(key|basic|hmac)auth_/, '$1-auth '],
  [/^jwt_/, 'JWT '],
  [/^acls$/, 'ACL groups'],
  [/^snis$/, 'SNIs'],
  [/^ca_/, 'CA '],
]

/** A kind of entity of a Kong file in a sentence: `plugin`, `key-auth credentials`. */
export const kindName = (kind: string, count = 1): string => {
  const name = spoken.reduce((text, [written, word]) => text.replace(written, word), kind)
  const plain = name.replaceAll('_', ' ')
  return count === 1 ? plain.replace(/s$/, '') : plain
}

/** `1 plugin, 2 key-auth credentials` */
export const kindCounts = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count.toLocaleString('en')} ${kindName(kind, count)}`)
    .join(', ')
