import { definePlugin } from '../plugin.ts'
import { schema } from './schema.ts'

/** Sends clients elsewhere. */
export const redirect = definePlugin({
  name: 'redirect',
  priority: 779,
  summary: 'Answers every request with a redirect.',
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'grpc', 'grpcs'],
  check: ({ location }) =>
    URL.canParse(location) && new URL(location).host !== ''
      ? []
      : [{ path: ['location'], message: `'${location}' is not an absolute URL` }],
  create: ({ status_code, location, keep_incoming_path }) => ({
    access: (exchange) => {
      const { path, query } = exchange.request
      const target = keep_incoming_path ? moved(location, path, query) : location
      exchange.respond({
        status: status_code,
        headers: ['Location', target, 'Content-Type', 'text/plain; charset=utf-8'],
        body: 'redirecting',
      })
    },
  }),
})

/** A URL's own setters, so that no path of a client can change the host. */
const moved = (location: string, path: string, query: string): string => {
  const url = new URL(location)
  url.pathname = path
  url.search = query
  return url.href
}
