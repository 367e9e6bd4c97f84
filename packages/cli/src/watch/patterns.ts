/**
 * Patterns as in a `.dockerignore` (moby/patternmatcher): relative paths, `*` and `?` within a name,
 * `**` over folders, `[a-z]`, `!` for an exception; the last one that fits decides, and what is below
 * a folder that fits, fits too.
 */
export const createMatcher = (patterns: readonly string[]): ((path: string) => boolean) => {
  const rules = patterns.flatMap(readPattern)
  if (rules.length === 0) return () => false
  return (path) => {
    let isMatch = false
    for (const { fits, isException } of rules) {
      if (isMatch === isException && fits.test(path)) isMatch = !isException
    }
    return isMatch
  }
}

type Rule = { fits: RegExp; isException: boolean }

const readPattern = (line: string): Rule[] => {
  const text = line.trim()
  if (text === '' || text.startsWith('#')) return []
  const isException = text.startsWith('!')
  const pattern = clean(isException ? text.slice(1).trim() : text)
  if (pattern === '') return []
  return [{ fits: new RegExp(`^${toExpression(pattern)}(/.*)?$`, 'su'), isException }]
}

/** `./a/../b/` is `b`: patterns and paths are compared without detours. */
const clean = (pattern: string): string => {
  const words: string[] = []
  for (const word of pattern.split('/')) {
    if (word === '' || word === '.') continue
    if (word === '..') words.pop()
    else words.push(word)
  }
  return words.join('/')
}

const toExpression = (pattern: string): string => {
  let expression = ''
  for (let at = 0; at < pattern.length; at += 1) {
    const rest = pattern.slice(at)
    const folders = /^\*\*\//.exec(rest)
    const set = /^\[[^\]/]+\]/.exec(rest)
    if (folders !== null) {
      expression += '(?:.*/)?'
      at += 2
    } else if (rest.startsWith('**')) {
      expression += '.*'
      at += 1
    } else if (rest.startsWith('*')) expression += '[^/]*'
    else if (rest.startsWith('?')) expression += '[^/]'
    else if (set !== null) {
      expression += set[0].replaceAll('\\', '\\\\')
      at += set[0].length - 1
    } else if (rest.startsWith('\\')) {
      expression += escaped(rest[1] ?? '')
      at += 1
    } else expression += escaped(rest[0] ?? '')
  }
  return expression
}

const escaped = (character: string): string =>
  character.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)
