import { findGateway } from '../../rules/routes/unrouted.ts'
import { changeLine, changeText, changeYaml, type Changes, type Healthy } from '../healthy.ts'
import { operator } from '../mutant.ts'
import type { RouteEvidence } from '../../systems/system.ts'

export const routeOperators = [
  operator({
    rule: 'routes/dead-upstream',
    breaks: 'a route leads to a service that there is not',
    also: ['routes/unrouted', 'missing/unused-service'],
    *mutants(healthy) {
      for (const { upstreams } of healthy.system.routes) {
        for (const upstream of upstreams) {
          const { host } = upstream
          if (host === undefined || !healthy.system.services.has(host)) continue
          const changes = changeLine(healthy, upstream, (line) => line.replace(host, `${host}-old`))
          if (changes !== undefined) yield { about: `${upstream.file}:${upstream.line}`, changes }
        }
      }
    },
  }),
  operator({
    rule: 'routes/dead-upstream',
    breaks: 'a route leads to a port that nothing serves',
    *mutants(healthy) {
      for (const { upstreams } of healthy.system.routes) {
        for (const upstream of upstreams) {
          const { port, host } = upstream
          if (port === undefined || host === undefined) continue
          const changes = changeLine(healthy, upstream, (line) =>
            line.replace(new RegExp(`:\\s?${port}\\b`), (text) => text.replace(String(port), '39')),
          )
          if (changes !== undefined) yield { about: `${upstream.file}:${upstream.line}`, changes }
        }
      }
    },
  }),
  operator({
    rule: 'routes/shadowed',
    breaks: 'two routes want the same requests',
    *mutants(healthy) {
      for (const route of healthy.system.routes) {
        // A file that no service of this reading mounts routes nothing.
        if (!isMounted(healthy, route.file)) continue
        const changes =
          route.kind === 'nginx' ? twice(healthy, route) : underTwoNames(healthy, route)
        if (changes !== undefined) yield { about: `${route.file}:${route.line}`, changes }
      }
    },
  }),
  operator({
    rule: 'routes/unrouted',
    breaks: 'the README names an address without a route',
    *mutants(healthy) {
      for (const { claims } of healthy.system.documents) {
        for (const claim of claims) {
          if (claim.kind !== 'url' || claim.path.length < 2) continue
          // nginx that does not refuse what it does not route may serve a file there.
          if (findGateway(healthy.system, claim.port ?? 80) === undefined) continue
          const changes = changeLine(healthy, claim, (line) =>
            line.replace(claim.path, `/nowhere${claim.path}`),
          )
          if (changes !== undefined) yield { about: claim.text, changes }
        }
      }
    },
  }),
]

/** A location of nginx and all it holds, written a second time behind itself. */
const twice = (healthy: Healthy, { file, line }: RouteEvidence): Changes | undefined =>
  changeText(healthy, file, (text) => {
    const lines = text.split('\n')
    const [indent = ''] = /^\s*/.exec(lines[line - 1] ?? '') ?? []
    const isOneLine = /\}\s*$/.test(lines[line - 1] ?? '')
    const end = isOneLine ? line : lines.indexOf(`${indent}}`, line) + 1
    if (!/^\s*location\b/.test(lines[line - 1] ?? '') || end < line) return text
    return lines.toSpliced(end, 0, ...lines.slice(line - 1, end)).join('\n')
  })

/** A service of Kong with its routes, once more under another name. */
const underTwoNames = (healthy: Healthy, { kind, file }: RouteEvidence): Changes | undefined =>
  kind !== 'kong'
    ? undefined
    : changeYaml(healthy, file, (document) => {
        const { services = [] } = document.toJS() as {
          services?: { name: string; routes?: { name: string }[] }[]
        }
        const [first] = services
        if (first?.routes === undefined) return false
        const routes = first.routes.map((route) => ({ ...route, name: `${route.name}-two` }))
        document.addIn(
          ['services'],
          document.createNode({ ...first, name: `${first.name}-two`, routes }),
        )
        return true
      })

const isMounted = ({ system, root }: Healthy, file: string): boolean =>
  [...system.services.values()].some(({ model }) =>
    model.volumes.some(({ source = '' }) => `${root}/${file}`.startsWith(source) && source !== ''),
  )
