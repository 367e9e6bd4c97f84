import type { GatewayDocument } from '../snapshot.ts'
import { uuidV5 } from './ids.ts'
import type { PluginEntity, Route, Service } from './model.ts'

/** A way in that a service of a compose file declares. */
export type ComposeRoute = {
  host?: string
  path: string
  stripPath: boolean
  /** Target port of the service when it has several. */
  port?: number
  timeoutMs: number
  /** All when absent or empty. */
  methods?: readonly string[]
  plugins?: readonly { name: string; config: Readonly<Record<string, unknown>> }[]
}

/** What a stack's services declare of ways in; the names are those of the services in the stack. */
export const composeDocument = (
  stack: string,
  services: readonly { name: string; routes: readonly ComposeRoute[] }[],
): GatewayDocument => {
  const manager = `compose:${stack}`
  const ways = services.flatMap(({ name, routes }) =>
    routes.map((route, at) => ({ host: name, name: `${name}-${at + 1}`, route })),
  )
  return {
    manager,
    stack,
    style: 'keelson',
    config: {
      services: ways.map(({ host, name, route }) => serviceOf(manager, host, name, route)),
      routes: ways
        .toSorted((a, b) => wildcardLength(b.route) - wildcardLength(a.route))
        .map(({ name, route }) => routeOf(manager, name, route)),
      upstreams: [],
      targets: [],
      consumers: [],
      credentials: [],
      acls: [],
      plugins: ways.flatMap(({ name, route }) => pluginsOf(manager, name, route)),
      certificates: [],
      snis: [],
      ca_certificates: [],
      vaults: [],
    },
  }
}

/** Ids are the same for the same name, so that plugins and balancers outlive a change elsewhere. */
const namespace = '7d0f3f0e-5a0e-4f6f-9f57-0a7f1f6c2b9d'

const idOf = (manager: string, kind: string, name: string): string =>
  uuidV5(namespace, `${manager}\n${kind}\n${name}`)

const serviceOf = (
  manager: string,
  host: string,
  name: string,
  { port, timeoutMs }: ComposeRoute,
): Service => ({
  id: idOf(manager, 'service', name),
  tags: [],
  name,
  protocol: 'http',
  host,
  // None: whatever the service listens on first.
  port: port ?? 0,
  path: null,
  retries: 3,
  connect_timeout: Math.min(5_000, timeoutMs),
  write_timeout: timeoutMs,
  read_timeout: timeoutMs,
  enabled: true,
  client_certificate: null,
  ca_certificates: [],
  tls_verify: null,
  tls_verify_depth: null,
  'x-keelson': {},
})

const routeOf = (manager: string, name: string, route: ComposeRoute): Route => ({
  id: idOf(manager, 'route', name),
  tags: [],
  name,
  service: idOf(manager, 'service', name),
  protocols: ['http', 'https'],
  methods: route.methods ?? [],
  hosts: route.host === undefined || route.host === '' || route.host === '*' ? [] : [route.host],
  paths: [withoutFinalSlashes(route.path)],
  headers: {},
  snis: [],
  sources: [],
  destinations: [],
  strip_path: route.stripPath,
  preserve_host: true,
  regex_priority: 0,
  path_handling: 'v0',
  https_redirect_status_code: 426,
  request_buffering: true,
  response_buffering: true,
  'x-keelson': { segments: true },
})

/** Of two wildcards the longer one wins: among equals the router takes the first. */
const wildcardLength = ({ host }: ComposeRoute): number =>
  host?.startsWith('*.') === true ? host.length : 0

/** `/shop/` and `/shop` are the same prefix. */
const withoutFinalSlashes = (path: string): string => {
  let end = path.length
  while (end > 1 && path.charCodeAt(end - 1) === 0x2f) end -= 1
  return path.slice(0, end)
}

const pluginsOf = (
  manager: string,
  route: string,
  { plugins = [] }: ComposeRoute,
): PluginEntity[] =>
  plugins.map(({ name, config }) => ({
    id: idOf(manager, 'plugin', `${route}\n${name}`),
    tags: [],
    name,
    instance_name: null,
    service: null,
    route: idOf(manager, 'route', route),
    consumer: null,
    config,
    enabled: true,
    protocols: ['grpc', 'grpcs', 'http', 'https'],
  }))
