import { pathPattern } from './path-pattern.ts'

/**
 * Says of a path inside a build context whether `.dockerignore` leaves it out. `takesBack` false:
 * no rule brings back something inside of a folder that is left out.
 */
export type IgnoreRule = ((path: string) => boolean) & { takesBack?: boolean }

/**
 * The rules of a `.dockerignore` ("Build context" in Docker's documentation): patterns of Go's
 * filepath.Match and `**`, later lines win, `!` takes back, a folder takes its content along.
 */
export const parseDockerIgnore = (text: string): IgnoreRule => {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const negated = line.startsWith('!')
      const pattern = cleanPattern(negated ? line.slice(1).trim() : line)
      return { negated, matches: pathPattern(pattern) }
    })
  const rule = (path: string): boolean => {
    let ignored = false
    for (const { negated, matches } of rules) {
      if (negated === ignored && matches(path)) ignored = !negated
    }
    return ignored
  }
  return Object.assign(rule, { takesBack: rules.some(({ negated }) => negated) })
}

const cleanPattern = (pattern: string): string =>
  pattern
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')
