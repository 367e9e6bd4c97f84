/** Where somebody was when they had to sign in, as long as this page is loaded. */
let place: string | undefined

const noPages = /^\/(?:api|sign-in|set-up|join|reset)(?:\/|$)/

/**
 * A page of ours by what stood in an address: anybody can have made that. Undefined where it would lead
 * to another site, to no page, or to an entrance.
 */
export const pageOf = (to: string, origin = window.location.origin): string | undefined => {
  if (!to.startsWith('/') || !URL.canParse(to, origin)) return undefined
  const url = new URL(to, origin)
  // Dots have been taken out by now: `/.//other.example` is `//other.example`.
  if (url.origin !== origin || url.pathname.startsWith('//')) return undefined
  return noPages.test(url.pathname) ? undefined : url.pathname + url.search + url.hash
}

/** A provider was asked, whose way back loads the page anew and says where it was asked from. */
export const rememberTo = (to: string | undefined): void => {
  if (to !== undefined) place = pageOf(to)
}

/** `at` is the address bar. */
export const rememberPlace = ({ pathname, search, hash }: Location): void => {
  if (!noPages.test(pathname)) place = pathname + search + hash
}

/** Told once; the overview when there was none. */
export const takePlace = (): string => {
  const taken = place ?? '/'
  place = undefined
  return taken
}

/** For the same entrance under another name of this machine, which reads it behind the `#`; '' for none. */
export const behindEntrance = (): string =>
  place === undefined ? '' : `to=${encodeURIComponent(place)}`

/** Where a provider is asked by, which leads back to the same place. */
export const providerPath = (provider: string): string => {
  const path = `/sign-in/${encodeURIComponent(provider)}`
  return place === undefined ? path : `${path}?to=${encodeURIComponent(place)}`
}
