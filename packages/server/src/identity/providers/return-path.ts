/** Every way in has its own address here, and leads nowhere else than to the page. */
const notReturnedTo = /^\/(?:api|sign-in)(?:[/?#]|$)/
const pathMax = 2000

/**
 * Where in the page somebody wanted to go: a path of our own, or `/`. Browsers read `\` as `/` and skip
 * tabs and line breaks, so `/\other.example` and `/<tab>/other.example` would be other sites.
 */
export const returnPathOf = (given: unknown): string => {
  if (typeof given !== 'string' || given.length > pathMax) return '/'
  if (!given.startsWith('/') || given.startsWith('//') || /[\\\p{C}\p{Z}]/u.test(given)) return '/'
  const base = 'http://here.invalid'
  if (!URL.canParse(given, base)) return '/'
  const { origin, pathname, search, hash } = new URL(given, base)
  // Dots have been taken out by now: `/.//other.example` is `//other.example`.
  if (origin !== base || pathname.startsWith('//') || notReturnedTo.test(pathname)) return '/'
  return `${pathname}${search}${hash}`
}
