/** Dot segments hide where a request goes: `/public/../admin`, also as `%2e`. */
const dotSegment = /\/(?:\.|%2e){1,2}(?:\/|$)/i

/**
 * The path with its dot segments resolved (RFC 3986 5.2.4), so that the route that is matched is
 * the one that the service will see. Most paths come back as they are.
 */
export const resolveDots = (path: string): string => {
  if (!path.includes('/.') && !path.includes('/%2')) return path
  if (!dotSegment.test(path)) return path
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  for (const [index, segment] of segments.entries()) {
    const plain = segment.replaceAll(/%2e/gi, '.')
    const last = index === segments.length - 1
    if (plain === '..') kept.pop()
    if (plain !== '.' && plain !== '..') kept.push(segment)
    else if (last) kept.push('')
  }
  return `/${kept.join('/')}`
}
