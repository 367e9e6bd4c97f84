import type { PluginRequest } from '../plugin.ts'

/** Where the provider sends browsers back to: as configured, else as the request came. */
export const redirectUriOf = (
  { scheme, host }: Pick<PluginRequest, 'scheme' | 'host'>,
  config: { redirect_uri: string | null; redirect_path: string },
): string => config.redirect_uri ?? `${scheme}://${host}${config.redirect_path}`

/**
 * Where a browser goes after its login. A path of two slashes (or of a backslash, which browsers
 * read as one) would be the name of another host.
 */
export const returnPath = ({ path, query }: Pick<PluginRequest, 'path' | 'query'>): string =>
  `/${path.replace(/^[/\\]+/, '')}${query}`

/** Whether somebody looks at a page, who can be sent to log in; scripts get a 401. */
export const isNavigation = ({ method, headers }: PluginRequest): boolean => {
  if (method !== 'GET') return false
  const mode = headers.get('sec-fetch-mode')
  if (mode !== undefined) return mode === 'navigate'
  return (headers.get('accept') ?? '').includes('text/html')
}
