/**
 * Does a path match a pattern? `*` and `?` stay within a name, `**` crosses folders, and a pattern
 * that names a folder means all below it. Without regular expressions: a pattern of many stars costs
 * at most its length times that of the path.
 */
export const matchesGlob = (pattern: string, path: string): boolean => {
  const wanted = pattern
    .replace(/^\.?\/+/, '')
    .replace(/\/+$/, '')
    .split('/')
  const names = path.split('/')
  // The path itself, or a folder above it.
  return matchList([...wanted, '**'], names, (one, name) =>
    matchList(
      one.split(''),
      name.split(''),
      (part, letter) => part === '?' || part === letter,
      '*',
    ),
  )
}

/**
 * Greedy with one point to go back to: of several stars only the last needs to be tried again.
 * `**` at the end also stands for nothing.
 */
const matchList = (
  pattern: readonly string[],
  items: readonly string[],
  isOne: (wanted: string, item: string) => boolean,
  star = '**',
): boolean => {
  let at = 0
  let back: { pattern: number; item: number } | undefined
  for (let item = 0; item < items.length;) {
    const wanted = pattern[at]
    if (wanted === star) {
      at += 1
      back = { pattern: at, item }
    } else if (wanted !== undefined && isOne(wanted, items[item] ?? '')) {
      at += 1
      item += 1
    } else if (back !== undefined) {
      back = { ...back, item: back.item + 1 }
      at = back.pattern
      item = back.item
    } else {
      return false
    }
  }
  return pattern.slice(at).every((wanted) => wanted === star)
}
