/** Flat fields whose lower-case names are wanted. */
export const fieldsWhere = (
  headers: readonly string[],
  keep: (lowerName: string) => boolean,
): string[] => {
  const kept: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? ''
    if (keep(name.toLowerCase())) kept.push(name, headers[at + 1] ?? '')
  }
  return kept
}
