import type { RouteEvidence } from '../systems/system.ts'
import { readAddress } from './address.ts'
import type { ConfigNode } from './config-node.ts'

const usualPort: Readonly<Record<string, number>> = { http: 80, https: 443, grpc: 80, grpcs: 443 }

/**
 * Kong's declarative file: each route with the service behind it, and the targets of the upstream
 * that the service's host names. Source: kong/db/schema/others/declarative_config.lua.
 */
export const readKong = (root: ConfigNode): readonly RouteEvidence[] => {
  const upstreams = readUpstreams(root)
  const nested = (root.get('services')?.items() ?? []).flatMap((service) => {
    const name = service.get('name')?.text()
    return [{ service, name, routes: service.get('routes')?.items() ?? [] }]
  })
  const loose = (root.get('routes')?.items() ?? []).flatMap((route) => {
    const named = route.get('service')?.get('name')?.text() ?? route.get('service')?.text()
    const owner = nested.find(({ name }) => name !== undefined && name === named)
    return [{ service: owner?.service, routes: [route] }]
  })
  return [...nested, ...loose].flatMap(({ service, routes }) =>
    routes.map((route) => readRoute(route, service, upstreams)),
  )
}

type Upstreams = ReadonlyMap<string, RouteEvidence['upstreams']>

const readRoute = (
  route: ConfigNode,
  service: ConfigNode | undefined,
  upstreams: Upstreams,
): RouteEvidence => {
  const texts = (key: string) =>
    (route.get(key)?.items() ?? []).flatMap((item) => item.text() ?? [])
  const priority = Number(route.get('regex_priority')?.text() ?? Number.NaN)
  const isPlain = !['headers', 'snis', 'sources', 'destinations', 'expression'].some(
    (key) => route.get(key)?.isNothing === false,
  )
  return {
    ...route.at,
    kind: 'kong',
    name: route.get('name')?.text() ?? service?.get('name')?.text() ?? '',
    ...{ hosts: texts('hosts'), paths: texts('paths'), methods: texts('methods'), isPlain },
    priority: Number.isNaN(priority) ? undefined : priority,
    upstreams: service === undefined ? [] : readBackends(service, upstreams),
    by: undefined,
  }
}

const readBackends = (service: ConfigNode, upstreams: Upstreams): RouteEvidence['upstreams'] => {
  const url = service.get('url')
  const hostNode = service.get('host')
  const written = readAddress(url?.text() ?? hostNode?.text() ?? '')
  const scheme = written?.scheme ?? service.get('protocol')?.text() ?? 'http'
  const targets = upstreams.get(written?.host ?? '')
  if (targets !== undefined) return targets.map((target) => ({ ...target, scheme }))
  const own = Number(service.get('port')?.text() ?? Number.NaN)
  const port = written?.port ?? (Number.isInteger(own) ? own : usualPort[scheme])
  const path = written?.path ?? service.get('path')?.text()
  const { at } = url ?? hostNode ?? service
  return [{ ...at, scheme, host: written?.host, port, path }]
}

const readUpstreams = (root: ConfigNode): Upstreams =>
  new Map(
    (root.get('upstreams')?.items() ?? []).flatMap((upstream) => {
      const name = upstream.get('name')?.text()
      if (name === undefined) return []
      const targets = (upstream.get('targets')?.items() ?? []).flatMap((target) => {
        const written = target.get('target') ?? target
        const address = readAddress(written.text() ?? '')
        const { host, port = 8000 } = address ?? {}
        return [{ ...written.at, scheme: undefined, host, port, path: undefined }]
      })
      return [[name.toLowerCase(), targets] as const]
    }),
  )
