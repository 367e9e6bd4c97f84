import type { System } from '@keelson/contract'

/**
 * Where the gateway is reached from this browser: the port it listens on, at the name the page
 * itself was opened under (the platform knows only the address it bound).
 */
export const gatewayUrlOf = (system: System | undefined, hostname: string): string | undefined => {
  const part = system?.parts.find(({ name }) => name === 'gateway')
  const address = part?.address?.split(/[\s,]+/)[0]
  if (address === undefined || address === '') return undefined
  const port = /:(\d+)\/?$/.exec(address)?.[1]
  const scheme = address.startsWith('https://') ? 'https' : 'http'
  return `${scheme}://${hostname}${port === undefined ? '' : `:${port}`}/`
}

/** Address of a route (`[host]/path`) behind that gateway. */
export const routeUrlOf = (gatewayUrl: string, route: string): string => {
  const url = new URL(gatewayUrl)
  const slash = route.indexOf('/')
  const host = slash === -1 ? route : route.slice(0, slash)
  if (host !== '' && host !== '*') url.hostname = host
  url.pathname = slash === -1 ? '/' : route.slice(slash)
  return url.href
}

/** The way in: of all routes of a stack the shortest, which leads to what people look at. */
export const entryOf = (routes: readonly string[]): string | undefined =>
  routes.toSorted((a, b) => a.length - b.length || a.localeCompare(b))[0]
