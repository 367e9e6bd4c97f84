import type { Static } from 'typebox'
import { afterScheme } from '../authentication.ts'
import type { PluginRequest } from '../plugin.ts'
import { parameterValues } from '../query.ts'
import type { jwtSchema } from './schema.ts'

/** Where tokens are looked for. */
type Locations = Pick<Static<typeof jwtSchema>, 'uri_param_names' | 'cookie_names' | 'header_names'>

/** The different tokens of a request: of the query, of cookies, then of headers. */
export const findTokens = (request: PluginRequest, locations: Locations): string[] => {
  const tokens: string[] = []
  const add = (token: string | null | undefined): void => {
    if (token && !tokens.includes(token)) tokens.push(token)
  }
  if (request.query !== '') {
    for (const name of locations.uri_param_names) parameterValues(request.query, name).forEach(add)
  }
  for (const name of locations.cookie_names) add(request.cookies.get(name))
  for (const name of locations.header_names) {
    const value = request.headers.get(name.toLowerCase())
    if (value !== undefined) add(afterScheme(value, 'bearer'))
  }
  return tokens
}
