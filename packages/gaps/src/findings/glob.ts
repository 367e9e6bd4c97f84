/** Letters of each name of a path or a pattern. */
type Names = readonly (readonly string[])[]

const namesOf = (path: string): Names => path.split('/').map((name) => name.split(''))

/**
 * Does one of the patterns match a path? `*` and `?` stay within a name, `**` crosses folders, and a
 * pattern that names a folder means all below it. Without regular expressions: a pattern of many
 * stars costs at most its length times that of the path.
 */
export const createGlobs = (patterns: readonly string[]): ((path: string) => boolean) => {
  // Each also matches below: the path itself, or a folder above it.
  const all = patterns.map((pattern) => [
    ...namesOf(pattern.replace(/^\.?\/+/, '').replace(/\/+$/, '')),
    anyFolders,
  ])
  return (path) => {
    const names = namesOf(path)
    return all.some((pattern) => matchList(pattern, names, matchName, isAnyFolders))
  }
}

const anyFolders = ['*', '*']
const isAnyFolders = (name: readonly string[] | undefined): boolean =>
  name?.length === 2 && name[0] === '*' && name[1] === '*'

const matchName = (pattern: readonly string[], name: readonly string[]): boolean =>
  matchList(
    pattern,
    name,
    (part, letter) => part === '?' || part === letter,
    (part) => part === '*',
  )

/**
 * Greedy with one point to go back to: of several stars only the last needs to be tried again.
 * `**` at the end also stands for nothing.
 */
const matchList = <Item>(
  pattern: readonly Item[],
  items: readonly Item[],
  isOne: (wanted: Item, item: Item) => boolean,
  isStar: (wanted: Item | undefined) => boolean,
): boolean => {
  let at = 0
  let back: { pattern: number; item: number } | undefined
  for (let item = 0; item < items.length;) {
    const [wanted, given] = [pattern[at], items[item]]
    if (isStar(wanted)) {
      at += 1
      back = { pattern: at, item }
    } else if (wanted !== undefined && given !== undefined && isOne(wanted, given)) {
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
  return pattern.slice(at).every(isStar)
}
