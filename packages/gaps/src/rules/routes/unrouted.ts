import { factAt } from '../../place.ts'
import type { RouteEvidence, ServiceEvidence, System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'

/** A document names an address behind the gateway that no route leads to. */
export const unrouted: Rule = {
  id: 'routes/unrouted',
  title: 'Documented address without a route',
  severity: 'warning',
  why: `Whoever follows the document gets "no route matched" or 404 from the gateway and looks for the
fault in the service. The route was renamed, or the document is of an older version.`,
  joins: ['addresses in documents', 'routes of the gateway', 'compose ports'],
  fix: 'Add the route, or correct the document.',
  *find(system) {
    const urls = system.documents.flatMap(({ claims }) =>
      claims.flatMap((claim) => (claim.kind === 'url' ? [claim] : [])),
    )
    for (const { host, port = 80, path, text, file, line, column } of urls) {
      if (!/^(?:localhost|127\.0\.0\.1|0\.0\.0\.0)$/.test(host) || !isPlainPath(path)) continue
      const gateway = findGateway(system, port)
      if (gateway === undefined || gateway.routes.some((route) => mayLead(route, path))) continue
      const { service, routes } = gateway
      const known = [...new Set(routes.flatMap(({ paths }) => paths))]
      yield {
        service: service.name,
        message: `${text} is documented, and no route of ${service.name} leads to ${path}`,
        evidence: [
          factAt({ file, line, column }, text),
          factAt(
            routes[0] === undefined ? service.at : placeOf(routes[0]),
            `routes: ${known.slice(0, 8).join(', ')}`,
          ),
        ],
        fix: `Add a route for ${path}, or correct the document`,
        subject: path,
      }
    }
  },
  examples: [
    {
      title: 'everything else is refused',
      files: {
        'compose.yaml': `services:
  gateway:
    image: nginx:1.29
    ports: ["80:80"]
    volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf:ro"]
`,
        'nginx.conf': `server {
  listen 80;
  location = /health { return 200; }
  location ^~ /api/ { proxy_pass http://10.0.0.1:8000; }
  location / { return 404; }
}
`,
        'README.md':
          '# Shop\n\nOpen http://localhost/api/orders, http://localhost/health or http://localhost/reports.\n',
      },
      finds: [{ service: 'gateway', says: 'no route of gateway leads to /reports' }],
    },
    {
      title: 'a path that the gateway does not know',
      files: {
        'compose.yaml': `services:
  kong:
    image: kong:3.9
    ports: ["8000:8000"]
    volumes: ["./kong.yml:/kong/kong.yml:ro"]
  orders: { image: "registry.example.com/orders:1" }
`,
        'kong.yml': `_format_version: "3.0"
services:
  - { name: orders, url: "http://orders:80", routes: [{ name: orders, paths: [/orders] }] }
`,
        'README.md': '# Shop\n\nPayments are at http://localhost:8000/payments.\n',
      },
      finds: [{ service: 'kong', says: 'no route of kong leads to /payments' }],
    },
    {
      title: 'a path below a route, and a regular expression',
      files: {
        'compose.yaml': `services:
  kong:
    image: kong:3.9
    ports: ["8000:8000"]
    volumes: ["./kong.yml:/kong/kong.yml:ro"]
  orders: { image: "registry.example.com/orders:1" }
`,
        'kong.yml': `_format_version: "3.0"
services:
  - { name: orders, url: "http://orders:80", routes: [{ name: orders, paths: [/orders, "~/pay.*"] }] }
`,
        'README.md':
          '# Shop\n\nSee http://localhost:8000/orders/7 and http://localhost:8000/payments.\n',
      },
      finds: [],
    },
  ],
}

/** Placeholders stand for something else. */
const isPlainPath = (path: string) => path !== '' && path !== '/' && /^\/[\w./-]+$/.test(path)

/** Gateways that answer nothing but what is routed. */
const gateways = new Set<RouteEvidence['kind']>(['kong', 'traefik'])

/** nginx also serves files, unless it refuses whatever has no location. */
const isClosed = (routes: readonly RouteEvidence[]): boolean =>
  routes.some(
    ({ kind, paths, refuses }) => kind === 'nginx' && refuses === true && paths[0] === '/',
  )

type Gateway = { service: ServiceEvidence; routes: readonly RouteEvidence[] }

/** The service that takes the requests of a port of the host, when it answers nothing but its routes. */
export const findGateway = ({ services, routes }: System, port: number): Gateway | undefined => {
  for (const service of services.values()) {
    const published = service.model.ports.find((one) => one.published === String(port))
    if (published === undefined) continue
    const all = routes.filter(({ by }) => by === service.name)
    const here = all.filter(({ ports = [] }) => ports.includes(published.target))
    if (isClosed(here)) return { service, routes: here }
    const own = all.filter(({ kind }) => gateways.has(kind))
    // Its admin interface and its dashboard have ports of their own.
    const isTraffic = [80, 443, 8000, 8443].includes(published.target)
    if (isTraffic && own.length > 0) return { service, routes: own }
  }
  return undefined
}

const mayLead = ({ paths, isPlain, kind, refuses }: RouteEvidence, path: string): boolean =>
  refuses !== true &&
  (paths.length === 0 || isPlain === false || paths.some((one) => mayMatch(one, path, kind)))

const mayMatch = (written: string, path: string, kind: RouteEvidence['kind']): boolean => {
  // `location = /x` is that path alone, `location ^~ /x` what begins with it.
  const exact = /^=\s+(\/\S*)$/.exec(written)?.[1]
  if (exact !== undefined) return path === exact
  const pattern = written.replace(/^\^~\s+/, '')
  if (!pattern.startsWith('/') || /[{}^$|[\]\\]/.test(pattern)) return true
  const prefix = pattern.replace(/\*$/, '')
  return kind === 'traefik' && prefix === pattern ? path === pattern : path.startsWith(prefix)
}

const placeOf = ({ file, line, column }: RouteEvidence) => ({ file, line, column })
