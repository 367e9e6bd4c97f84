import { factAt, type Fact } from '../../place.ts'
import { reach } from '../../systems/reach.ts'
import { servesPort } from '../../systems/serving.ts'
import type { RouteEvidence, ServiceEvidence, System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'

/** A route leads to a service, or to a port of it, that does not exist. */
export const deadUpstream: Rule = {
  id: 'routes/dead-upstream',
  title: 'Route to nowhere',
  severity: 'error',
  why: `nginx refuses to start when an upstream's name is not known ("host not found in upstream"), and
takes every other route down with it; other gateways answer 502 or 503 for this one. It comes with a
service that was renamed, moved to another port, or taken out.`,
  joins: [
    'routes of nginx, Kong, Traefik, Caddy and Keelson',
    'compose services, networks and served ports',
  ],
  fix: 'Correct the upstream, or add the service.',
  *find(system) {
    for (const route of system.routes) {
      const from = route.by === undefined ? undefined : system.services.get(route.by)
      for (const upstream of route.upstreams) {
        const trouble = troubleOf(system, { route, upstream, from })
        if (trouble !== undefined) yield report(route, upstream, trouble)
      }
    }
  },
  examples: [
    {
      title: 'an upstream that was renamed',
      files: {
        'compose.yaml': `services:
  gateway:
    image: nginx:1.29
    volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
  backend:
    image: registry.example.com/api:1
`,
        'nginx.conf': `events {}
http {
  upstream api { server api:8000; }
  server {
    listen 80;
    location /api/ { proxy_pass http://api/; }
  }
}
`,
      },
      finds: [{ service: 'gateway', says: 'api:8000, and nothing in the stack is called api' }],
    },
    {
      title: 'the port of the host instead of the container',
      files: {
        'compose.yaml': `services:
  gateway:
    image: kong:3.9
    volumes: ["./kong.yml:/kong/kong.yml:ro"]
  db-admin:
    image: nginx:1.29
    ports: ["8081:80"]
`,
        'kong.yml': `_format_version: "3.0"
services:
  - name: admin
    url: http://db-admin:8081
    routes: [{ name: admin, paths: [/admin] }]
`,
      },
      finds: [{ service: 'gateway', says: 'db-admin:8081, and inside it is 80' }],
    },
    {
      title: 'localhost is the gateway itself',
      files: {
        'compose.yaml': `services:
  caddy:
    image: caddy:2.10
    volumes: ["./Caddyfile:/etc/caddy/Caddyfile"]
  web:
    image: registry.example.com/web:1
    ports: ["127.0.0.1:3000:3000"]
`,
        Caddyfile: 'example.com {\n  reverse_proxy localhost:3000\n}\n',
      },
      finds: [{ service: 'caddy', says: 'localhost:3000, which is itself; web has that port' }],
    },
    {
      title: 'an upstream that the build writes',
      files: {
        'compose.yaml':
          'services:\n  gateway:\n    build: gateway\n    volumes: ["./gateway/site.conf:/etc/nginx/conf.d/site.conf"]\n',
        'gateway/Dockerfile':
          'FROM nginx:1.29\nRUN echo "upstream engine { server php:9000; }" > /etc/nginx/conf.d/up.conf\n',
        'gateway/site.conf':
          'server {\n  listen 80;\n  location / { proxy_pass http://engine/; }\n}\n',
      },
      finds: [],
    },
    {
      title: 'Traefik finds what shares the network of another',
      files: {
        'compose.yaml': `services:
  traefik:
    image: traefik:v3.4
    ports: ["80:80"]
  vpn:
    image: example/vpn:1
  app:
    image: example/app:1
    network_mode: service:vpn
    labels:
      - traefik.http.routers.app.rule=Host(\`app.example.com\`)
      - traefik.http.services.app.loadbalancer.server.port=8080
`,
      },
      finds: [],
    },
    {
      title: 'a template that the environment fills in, a variable of nginx, another machine',
      files: {
        'compose.yaml': `services:
  gateway:
    image: nginx:1.29
    environment: { API_HOST: api, API_PORT: "8000" }
    volumes: ["./api.conf.template:/etc/nginx/templates/api.conf.template:ro"]
  api:
    image: registry.example.com/api:1
`,
        'api.conf.template': `server {
  listen 80;
  location /api/ { proxy_pass http://\${API_HOST}:\${API_PORT}/; }
  location /blog/ { proxy_pass https://blog.example.com/; }
  location /x/ { set $backend "http://gone:80"; proxy_pass $backend; }
  location /y/ { proxy_pass http://\${NOT_SET}:80/; }
}
`,
      },
      finds: [],
    },
  ],
}

type Upstream = RouteEvidence['upstreams'][number]
type Way = { route: RouteEvidence; upstream: Upstream; from: ServiceEvidence | undefined }
type Trouble = { says: string; fact: Fact; fix: string }

const troubleOf = (system: System, { route, upstream, from }: Way): Trouble | undefined => {
  const { host, port } = upstream
  if (host === undefined) return undefined
  if (from === undefined) {
    // The gateway is not in the stack: labels and `x-keelson` name their own service all the same.
    const own = ['traefik', 'keelson'].includes(route.kind) ? system.services.get(host) : undefined
    return own === undefined || port === undefined ? undefined : portTrouble(system, own, port)
  }
  const reached = reach(system, from, host)
  if (reached.kind === 'nobody') {
    if (isWrittenByBuild(from, host)) return undefined
    const fact = factAt(
      from.at,
      `no service, container name or alias "${host}" beside ${from.name}`,
    )
    return {
      says: `and nothing in the stack is called ${host}`,
      fact,
      fix: `Name a service of the stack, or add ${host}`,
    }
  }
  if (reached.kind === 'self') return port === undefined ? undefined : ownPort(system, from, port)
  if (reached.kind !== 'service') return undefined
  const { service, isShared, why } = reached
  // Traefik goes by the address of the container, and to the one whose network it shares.
  if (route.kind === 'traefik' && service.model.networkMode !== undefined) return undefined
  if (!isShared) {
    const fix = `Put ${from.name} and ${service.name} on one network`
    return { says: `which it cannot reach: ${why}`, fact: factAt(service.at, why), fix }
  }
  return port === undefined ? undefined : portTrouble(system, service, port)
}

/** `RUN echo "upstream api { … }" > …`: the name is one of the gateway's own. */
const isWrittenByBuild = ({ build }: ServiceEvidence, host: string): boolean =>
  build?.dockerfile?.stages.some(({ runs }) => runs.some(({ text }) => text.includes(host))) ===
  true

const portTrouble = (
  system: System,
  service: ServiceEvidence,
  port: number,
): Trouble | undefined => {
  const { isServed, confidence, instead } = servesPort(system, service, port)
  const mapped = service.model.ports.find(({ published }) => published === String(port))?.target
  const inside = mapped === port ? undefined : mapped
  const [first] = instead
  if (isServed !== false || first === undefined) return undefined
  if (confidence !== 'certain' && inside === undefined) return undefined
  return {
    says: `and inside it is ${inside ?? first.port}`,
    fact: factAt(first, `${first.by} ${first.port}`),
    fix: `Use ${service.name}:${inside ?? first.port}`,
  }
}

const ownPort = (system: System, from: ServiceEvidence, port: number): Trouble | undefined => {
  if (servesPort(system, from, port).isServed === true) return undefined
  if (from.model.networkMode?.includes(':') === true) return undefined
  const other = [...system.services.values()].find(
    ({ name, model }) =>
      name !== from.name &&
      model.networkMode !== `service:${from.name}` &&
      model.ports.some(({ published, target }) => published === String(port) || target === port),
  )
  if (other === undefined) return undefined
  return {
    says: `which is itself; ${other.name} has that port`,
    fact: factAt(other.place('ports'), `${other.name} publishes ${port}`),
    fix: `Use ${other.name} and its port in the container`,
  }
}

const report = (route: RouteEvidence, upstream: Upstream, { says, fact, fix }: Trouble): Found => {
  const { host = '', port, file, line, column } = upstream
  const address = port === undefined ? host : `${host}:${port}`
  const service = route.by ?? (route.kind === 'nginx' ? undefined : host)
  return {
    ...(service === undefined ? {} : { service }),
    message: `The route ${route.name} leads to ${address}, ${says}`,
    evidence: [factAt({ file, line, column }, `${route.name} → ${address}`), fact],
    fix,
    // Several locations lead to one upstream: it is one thing to mend.
    subject: address,
  }
}
