import { normalizePath } from '../../proxy/router/normalize.ts'
import { compileSafeRegex, UnsafeRegexError } from '../../proxy/router/safe-regex.ts'
import type { Judgement } from './hosts.ts'

/** Characters that RFC 3986 section 2.2 gives a meaning; an encoded one stays encoded. */
const reserved = "!*'();:@&=+$,/?%#[]"

const badTriplet = /%(?![\da-fA-F]{2})/

/** Of services, checks and cookies. */
export const pathProblem: Judgement = (path) => {
  if (!path.startsWith('/')) return 'does not start with /'
  if (path.includes('//')) return 'has an empty segment (//)'
  if (!/^\/[\w.\-~/%:@!$&'()*+,;=]*$/.test(path)) return 'has characters that a path cannot have'
  return badTriplet.test(path) ? 'has a % that is not followed by two hexadecimal digits' : null
}

/** Of routes: `/prefix`, or `~/regex`. */
export const routePathProblem: Judgement = (path) => {
  if (!path.startsWith('/') && !path.startsWith('~/')) {
    return 'starts neither with / (a prefix) nor with ~/ (a regex)'
  }
  if (path.includes('//')) return 'has an empty segment (//)'
  if (path.startsWith('~')) return regexProblem(path.slice(1))
  if (badTriplet.test(path)) return 'has a % that is not followed by two hexadecimal digits'
  const normal = normalizePath(path)
  return normal === path ? null : `is not in normal form: write ${normal}`
}

/** What the router's linear engine cannot run: look-around, back-references, broken patterns. */
export const regexProblem: Judgement = (pattern) => {
  try {
    compileSafeRegex(pattern, { anchored: 'start' })
    return null
  } catch (error) {
    if (error instanceof UnsafeRegexError) return `is no regex we can run: ${error.message}`
    throw error
  }
}

/**
 * Paths of formats 1.1 and 2.1, which did not mark regexes: what has a character that paths have
 * not is one. Source: kong/db/migrations/migrate_path_280_300.lua.
 */
export const migratePath = (path: string): string =>
  /^[a-zA-Z0-9.\-_~/%]*$/.test(path) ? normalizePath(path) : `~${normalizeRegex(path)}`

const inRegex: Readonly<Record<string, string>> = {
  '.': '\\.',
  '^': '\\^',
  '-': '\\-',
  '{': '\\{',
  '}': '\\}',
  '\\': '\\\\',
  '|': '\\|',
}

const normalizeRegex = (regex: string): string =>
  regex.replaceAll(/%([\da-f]{2})/gi, (triplet, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return reserved.includes(character) ? triplet.toUpperCase() : (inRegex[character] ?? character)
  })
