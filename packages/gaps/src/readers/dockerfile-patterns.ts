/**
 * Patterns of `.dockerignore` and COPY: `*`, `?` and `[a-z]` within a name, `**` for any folders.
 * Both matchers walk back to one place at most, so a pattern costs names × names at worst.
 * Source: moby/patternmatcher, Go's filepath.Match.
 */
export const hasWildcard = (path: string): boolean => /[*?[]/.test(path)

const matchesPath = (pattern: string, path: string): boolean =>
  matchSequence(pattern.split('/'), path.split('/'), '**', matchesName)

const matchesName = (pattern: string, name: string): boolean =>
  matchSequence(readTokens(pattern), name.split(''), '*', matchesLetter)

/** `*` (or `**`) stands for any number of items; the last one seen is the only one to try again. */
const matchSequence = (
  pattern: readonly string[],
  items: readonly string[],
  any: string,
  matches: (one: string, item: string) => boolean,
): boolean => {
  let at = 0
  let star = -1
  let resume = 0
  let index = 0
  while (index < items.length) {
    const one = pattern[at]
    if (one === any) {
      star = at
      resume = index
      at += 1
    } else if (one !== undefined && matches(one, items[index] ?? '')) {
      at += 1
      index += 1
    } else if (star !== -1) {
      at = star + 1
      resume += 1
      index = resume
    } else {
      return false
    }
  }
  return pattern.slice(at).every((one) => one === any)
}

/** Letters, `*`, `?`, and classes as one token. */
const readTokens = (pattern: string): string[] => {
  const tokens: string[] = []
  for (let index = 0; index < pattern.length; index += 1) {
    const close = pattern.charAt(index) === '[' ? pattern.indexOf(']', index + 2) : -1
    const end = close === -1 ? index : close
    const isEscape = pattern.charAt(index) === '\\' && index + 1 < pattern.length
    tokens.push(isEscape ? `\\${pattern.charAt(index + 1)}` : pattern.slice(index, end + 1))
    index = isEscape ? index + 1 : end
  }
  return tokens
}

const matchesLetter = (token: string, letter: string): boolean => {
  if (token === '?') return true
  if (token.startsWith('\\') && token.length === 2) return token[1] === letter
  if (!token.startsWith('[') || token.length < 3) return token === letter
  const isNot = /^\[[\^!]/.test(token)
  const inside = token.slice(isNot ? 2 : 1, -1)
  let isIn = false
  for (let index = 0; index < inside.length; index += 1) {
    const first = inside.charAt(index)
    const isRange = inside.charAt(index + 1) === '-' && index + 2 < inside.length
    const last = isRange ? inside.charAt(index + 2) : first
    if (letter >= first && letter <= last) isIn = true
    if (isRange) index += 2
  }
  return isIn !== isNot
}

const patternCountMax = 500

/** What a `.dockerignore` leaves out: the last pattern that matches the path or a folder of it. */
export const readIgnores = (text: string): ((path: string) => boolean) => {
  const patterns = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((row) => row.trim())
    .filter((row) => row !== '' && !row.startsWith('#'))
    .slice(0, patternCountMax)
    .map((row) => {
      const isException = row.startsWith('!')
      const pattern = row
        .slice(isException ? 1 : 0)
        .trim()
        .replace(/^(?:\.?\/)+/, '')
        .replace(/\/+$/, '')
      return { isException, pattern }
    })
    .filter(({ pattern }) => pattern !== '')
  return (path) => {
    const names = path.split('/')
    const folders = names.map((_, index) => names.slice(0, index + 1).join('/'))
    const last = patterns.findLast(({ pattern }) =>
      folders.some((folder) => matchesPath(pattern, folder)),
    )
    return last !== undefined && !last.isException
  }
}
