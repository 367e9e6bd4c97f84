import { factAt } from '../../place.ts'
import type { RouteEvidence } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'

/** Two routes want the same requests. */
export const shadowed: Rule = {
  id: 'routes/shadowed',
  title: 'Two routes for the same requests',
  severity: 'error',
  why: `nginx refuses a location that is there twice; other gateways pick one by age or by name. The other
is never taken: its service is up, healthy and without a single request.`,
  joins: ['a route of the gateway', 'another route of the same gateway'],
  fix: 'Delete one, or tell them apart by host, path, method or priority.',
  *find({ routes }) {
    const seen = new Map<string, RouteEvidence[]>()
    for (const second of routes) {
      if (second.isPlain !== true) continue
      const key = `${second.kind} ${second.by ?? ''} ${second.paths.toSorted().join(' ')}`
      const before = seen.get(key) ?? []
      const first = before.find((one) => isSame(one, second))
      seen.set(key, [...before, second])
      if (first === undefined) continue
      const path = second.paths.join(', ') || 'every path'
      const service = second.by ?? second.upstreams[0]?.host
      yield {
        ...(service === undefined ? {} : { service }),
        message: `${nameOf(second)} wants the same requests as ${nameOf(first)}: ${path}`,
        evidence: [
          factAt(placeOf(second), `second: ${path}`),
          factAt(placeOf(first), `first: ${path}`),
        ],
        fix: 'Delete one of them, or tell them apart',
        subject: `${second.name} ${path}`,
      }
    }
  },
  examples: [
    {
      title: 'a location that is there twice',
      files: {
        'compose.yaml': `services:
  gateway:
    image: nginx:1.29
    volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf:ro"]
`,
        'nginx.conf': `server {
  listen 80;
  location /api/ { proxy_pass http://10.0.0.1:8000; }
  location /api/ { proxy_pass http://10.0.0.2:8000; }
}
`,
      },
      finds: [{ service: 'gateway', says: '/api/' }],
    },
    {
      title: 'two services of Kong with one path',
      files: {
        'compose.yaml': `services:
  kong:
    image: kong:3.9
    volumes: ["./kong.yml:/kong/kong.yml:ro"]
`,
        'kong.yml': `_format_version: "3.0"
services:
  - { name: a, url: "http://10.0.0.1", routes: [{ name: a, paths: [/v1], methods: [GET] }] }
  - { name: b, url: "http://10.0.0.2", routes: [{ name: b, paths: [/v1], methods: [GET] }] }
`,
      },
      finds: [{ service: 'kong', says: 'wants the same requests as a' }],
    },
    {
      title: 'other servers, ports, methods and priorities',
      files: {
        'compose.yaml': `services:
  gateway:
    image: nginx:1.29
    volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf:ro"]
  kong:
    image: kong:3.9
    volumes: ["./kong.yml:/kong/kong.yml:ro"]
`,
        'nginx.conf': `server { listen 80; server_name a.example.com; location / { return 204; } }
server { listen 80; server_name b.example.com; location / { return 204; } }
server { listen 81; server_name a.example.com; location / { return 204; } location = / { return 200; } }
`,
        'kong.yml': `_format_version: "3.0"
services:
  - { name: a, url: "http://10.0.0.1", routes: [{ name: a, paths: [/v1], methods: [GET] }] }
  - { name: b, url: "http://10.0.0.2", routes: [{ name: b, paths: [/v1], methods: [POST] }] }
  - { name: c, url: "http://10.0.0.3", routes: [{ name: c, paths: [/v1], methods: [GET], headers: { x-version: ["2"] } }] }
`,
      },
      finds: [],
    },
    {
      title: 'one by HTTPS, one by HTTP',
      files: {
        'compose.yaml': `services:
  web:
    image: example/web:1
    labels:
      - traefik.http.routers.web.rule=PathPrefix(\`/\`)
      - traefik.http.routers.secure.rule=PathPrefix(\`/\`)
      - traefik.http.routers.secure.tls=true
  proxy: { image: "traefik:v3.4" }
`,
      },
      finds: [],
    },
  ],
}

/** What comes out of one compose file is one gateway's; of files, only one file is compared. */
const isSame = (a: RouteEvidence, b: RouteEvidence): boolean =>
  a.kind === b.kind &&
  a.by === b.by &&
  (a.by !== undefined || a.kind === 'keelson') &&
  (a.file === b.file || a.kind === 'keelson' || a.kind === 'traefik') &&
  a.priority === b.priority &&
  hasSame(a.hosts, b.hosts) &&
  hasSame(a.methods, b.methods) &&
  a.paths.length > 0 &&
  hasSame(a.paths, b.paths) &&
  hasSame((a.ports ?? []).map(String), (b.ports ?? []).map(String)) &&
  // An HTTP server and one of another port are told apart by it; without a known port they are not.
  (a.kind !== 'nginx' || (a.ports ?? []).length > 0)

const hasSame = (a: readonly string[], b: readonly string[]): boolean =>
  new Set(a).size === new Set(b).size && b.every((one) => a.includes(one))

const nameOf = ({ kind, name, line }: RouteEvidence) => `${name} (${kind}, line ${line})`

const placeOf = ({ file, line, column }: RouteEvidence) => ({ file, line, column })
