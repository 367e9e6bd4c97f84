import type { RouteEvidence, ServiceEvidence } from './system.ts'

/** Routes that the compose file holds itself: Traefik's labels and `x-keelson.routes`. */
export const readComposeRoutes = (
  services: ReadonlyMap<string, ServiceEvidence>,
): readonly RouteEvidence[] => {
  const traefik = [...services.values()].find(({ image }) =>
    /(?:^|\/)traefik$/.test(image?.name ?? ''),
  )
  return [...services.values()].flatMap((service) => [
    ...keelsonRoutes(service),
    ...traefikRoutes(service, traefik?.name),
  ])
}

const keelsonRoutes = ({ name, model, place }: ServiceEvidence): readonly RouteEvidence[] =>
  model.xKeelson.routes.map(({ host, path, port }, index): RouteEvidence => {
    const at = place('x-keelson', 'routes', String(index))
    const own = model.xKeelson.port?.number
    const to = port ?? (typeof own === 'number' ? own : undefined)
    return {
      ...{ ...at, kind: 'keelson', name: path, hosts: host === undefined ? [] : [host] },
      ...{ paths: [path], methods: [], priority: undefined, isPlain: true, by: undefined },
      upstreams: [{ ...at, scheme: undefined, host: name, port: to, path: undefined }],
    }
  })

const routerLabel = /^traefik\.http\.routers\.([\w-]+)\.(rule|service|priority|entrypoints|tls)$/i
const portLabel = /^traefik\.http\.services\.([\w-]+)\.loadbalancer\.server\.(port|scheme)$/i

type Router = {
  rule?: string
  service?: string
  priority?: string
  entrypoints?: string
  tls?: string
}

/** Source: doc.traefik.io, "Docker provider: routing configuration". */
const traefikRoutes = (
  { name, model, place }: ServiceEvidence,
  by: string | undefined,
): readonly RouteEvidence[] => {
  if (model.labels['traefik.enable'] === 'false') return []
  const routers = new Map<string, Router>()
  const servers = new Map<string, { port?: string; scheme?: string }>()
  for (const [label, value] of Object.entries(model.labels)) {
    const [, router, key] = routerLabel.exec(label) ?? []
    if (router !== undefined && key !== undefined) {
      routers.set(router, { ...routers.get(router), [key.toLowerCase()]: value })
    }
    const [, server, part] = portLabel.exec(label) ?? []
    if (server !== undefined && part !== undefined) {
      servers.set(server, { ...servers.get(server), [part.toLowerCase()]: value })
    }
  }
  return [...routers].map(([router, { rule = '', service, priority, entrypoints, tls }]) => {
    const isElsewhere = service?.includes('@') === true
    const server =
      servers.get(service ?? '') ?? (servers.size === 1 ? [...servers.values()][0] : {})
    const at = place('labels', `traefik.http.routers.${router}.rule`)
    const port =
      server?.port !== undefined && /^\d{1,5}$/.test(server.port) ? Number(server.port) : undefined
    return {
      ...{ ...at, kind: 'traefik', name: router, by, ...readRule(rule) },
      priority: priority === undefined ? undefined : Number(priority),
      // A router with TLS takes what comes by HTTPS, and one without takes the rest.
      isPlain: entrypoints === undefined && tls === undefined && isPlainRule(rule),
      upstreams: isElsewhere
        ? []
        : [{ ...at, scheme: server?.scheme, host: name, port, path: undefined }],
    }
  })
}

const ruleLengthMax = 4000

const readRule = (rule: string): Pick<RouteEvidence, 'hosts' | 'paths' | 'methods'> => {
  const text = rule.slice(0, ruleLengthMax)
  const valuesOf = (names: RegExp) =>
    [...text.matchAll(/(\w+)\(([^()]*)\)/g)]
      .filter(([, name = '']) => names.test(name))
      .flatMap(([, name = '', words = '']) =>
        [...words.matchAll(/[`"']([^`"']*)[`"']/g)].map(([, word = '']) =>
          name === 'PathPrefix' ? `${word}*` : word,
        ),
      )
  return {
    hosts: valuesOf(/^(?:Host|HostRegexp|HostSNI)$/),
    paths: valuesOf(/^(?:Path|PathPrefix|PathRegexp)$/),
    methods: valuesOf(/^Method$/),
  }
}

/** One of each at most, joined by `&&`. */
const isPlainRule = (rule: string): boolean =>
  /^\s*(?:(?:Host|Path|PathPrefix|Method)\([^()]*\)\s*(?:&&\s*|$))+$/.test(
    rule.slice(0, ruleLengthMax),
  )
