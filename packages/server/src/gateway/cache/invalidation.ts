import type { HeaderList } from '../proxy/header-list.ts'

type Asked = { scheme: string; host: string; path: string; query: string }

/** What a request is about, as text: host in lower case, without a port that goes without saying. */
export const requestUrl = ({ scheme, host, path, query }: Asked): string => {
  const usual = scheme === 'https' ? ':443' : ':80'
  const lower = host.toLowerCase()
  const shown = lower.endsWith(usual) ? lower.slice(0, -usual.length) : lower
  return `${scheme}://${shown}${path}${query}`
}

/** Methods that change nothing (RFC 9110 9.2.1, RFC 4918, RFC 3253, RFC 5323). */
const safe = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH'])

/**
 * URLs whose stored answers are outdated after this one (RFC 9111 4.4): its own, and those in
 * Location and Content-Location, on the same origin only: nobody empties another one's shelf.
 */
export const invalidatedUrls = (
  method: string,
  url: string,
  status: number,
  answer: HeaderList,
): string[] => {
  if (safe.has(method) || status < 200 || status >= 400) return []
  const urls = [url]
  for (const name of ['location', 'content-location']) {
    const other = resolved(answer.get(name), url)
    if (other !== null && !urls.includes(other)) urls.push(other)
  }
  return urls
}

/** Whether the answer to another method is also what a GET would give now (RFC 9110 8.7). */
export const speaksOfItself = (url: string, answer: HeaderList): boolean =>
  resolved(answer.get('content-location'), url) === url

const resolved = (reference: string | undefined, base: string): string | null => {
  if (reference === undefined || !URL.canParse(reference, base)) return null
  const target = new URL(reference, base)
  const { origin } = new URL(base)
  return target.origin === origin ? `${origin}${target.pathname}${target.search}` : null
}
