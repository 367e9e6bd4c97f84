import type { Report } from './diagnostics.ts'
import type { Probe, ProjectExtension, Route, RoutePlugin, ServiceExtension } from './model.ts'
import { findChild } from './node.ts'
import type { Node, ScalarNode } from './node.ts'
import {
  defined,
  findBoolean,
  findDurationMs,
  findNumber,
  findScalar,
  findText,
  listTexts,
  plainOf,
  toRecord,
} from './values.ts'

/** The top-level `x-keelson`. */
export function readProjectExtension(root: Node): ProjectExtension {
  const node = findChild(root, 'x-keelson')
  const demo = findBoolean(node, 'demo') ?? false
  return {
    demo,
    ...defined({ description: findText(node, 'description'), kong: findText(node, 'kong') }),
  }
}

/** `x-keelson` of a service, in long form. */
export function readServiceExtension(
  service: Node,
  path: string,
  report: Report,
): ServiceExtension {
  const node = findChild(service, 'x-keelson')
  const extension = defined({
    category: findText(node, 'category') as ServiceExtension['category'],
    port: readPort(node, path, report),
    probe: readProbe(findChild(node, 'probe'), `${path}.probe`, report),
    database: findText(node, 'database'),
    description: findText(node, 'description'),
    owner: findText(node, 'owner'),
    protocol: findText(node, 'protocol') as ServiceExtension['protocol'],
    update: findText(node, 'update') as ServiceExtension['update'],
    hookTimeoutMs: findDurationMs(node, 'hook_timeout'),
  })
  return { routes: readRoutes(findChild(node, 'route')), ...extension }
}

function readPort(node: Node | undefined, path: string, report: Report): ServiceExtension['port'] {
  const port = findChild(node, 'port')
  if (port === undefined) return undefined
  const number = port.kind === 'map' ? findScalar(port, 'number') : port
  const env = findText(port, 'env') ?? 'PORT'
  if (number === undefined) return { number: 'auto', env }
  if (number.kind !== 'scalar') return undefined
  if (number.text === 'auto') return { number: 'auto', env }
  const parsed = parsePortNumber(number)
  if (parsed !== undefined) return { number: parsed, env }
  const shown = JSON.stringify(number.text)
  const message = `${path}.port must be auto or a port from 1 to 65535, not ${shown}`
  report.error('bad_value', number.at, message)
  return undefined
}

function parsePortNumber(node: ScalarNode): number | undefined {
  const number = Number(node.text)
  return /^\d{1,5}$/.test(node.text) && number >= 1 && number <= 65535 ? number : undefined
}

function readProbe(node: Node | undefined, path: string, report: Report): Probe | undefined {
  if (node === undefined) return undefined
  const http = findChild(node, 'http')
  const tcp = findScalar(node, 'tcp')
  if ((http === undefined) === (tcp === undefined)) {
    const message = `${path} must have exactly one of http and tcp`
    report.error('bad_probe', node.at, message, 'http: /healthz, or tcp: true')
    return undefined
  }
  return defined({
    http: http === undefined ? undefined : readHttpProbe(http, path, report),
    tcp: tcp === undefined ? undefined : readTcpProbe(tcp, path, report),
    intervalMs: findDurationMs(node, 'interval'),
    timeoutMs: findDurationMs(node, 'timeout'),
    retries: findNumber(node, 'retries'),
    startPeriodMs: findDurationMs(node, 'start_period'),
  })
}

/** Any answer of 200 to 399 is healthy unless `status` says otherwise. */
function readHttpProbe(node: Node, path: string, report: Report): Probe['http'] {
  if (node.kind === 'scalar') return { path: node.text, status: { min: 200, max: 399 } }
  const status = readStatus(findScalar(node, 'status'), path, report)
  return {
    path: findText(node, 'path') ?? '/',
    status,
    ...defined({ port: findNumber(node, 'port') }),
  }
}

function readStatus(node: ScalarNode | undefined, path: string, report: Report) {
  if (node === undefined) return { min: 200, max: 399 }
  const match = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(node.text)
  const min = Number(match?.[1])
  const max = Number(match?.[2] ?? match?.[1])
  if (match !== null && min <= max) return { min, max }
  const message = `${path}.http.status must be a status or a range, not ${JSON.stringify(node.text)}`
  report.error('bad_value', node.at, message, '200, or 200-299')
  return { min: 200, max: 399 }
}

function readTcpProbe(node: ScalarNode, path: string, report: Report): Probe['tcp'] {
  if (node.text === 'true') return {}
  const port = parsePortNumber(node)
  if (port !== undefined) return { port }
  const message = `${path}.tcp must be true or a port, not ${JSON.stringify(node.text)}`
  report.error('bad_value', node.at, message)
  return undefined
}

function readRoutes(node: Node | undefined): Route[] {
  if (node === undefined) return []
  return (node.kind === 'list' ? node.items : [node]).map(readRoute)
}

function readRoute(node: Node): Route {
  if (node.kind === 'scalar') {
    const slash = node.text.indexOf('/')
    const host = slash === -1 ? node.text : node.text.slice(0, slash)
    const path = slash === -1 ? '/' : node.text.slice(slash)
    return { path, stripPath: false, methods: [], plugins: [], ...(host === '' ? {} : { host }) }
  }
  return {
    path: findText(node, 'path') ?? '/',
    stripPath: findBoolean(node, 'strip_path') ?? false,
    methods: listTexts(findChild(node, 'methods')),
    plugins: readPlugins(findChild(node, 'plugins')),
    ...defined({
      host: findText(node, 'host'),
      port: findNumber(node, 'port'),
      timeoutMs: findDurationMs(node, 'timeout'),
    }),
  }
}

function readPlugins(node: Node | undefined): RoutePlugin[] {
  return node?.kind === 'list' ? node.items.map(readPlugin) : []
}

function readPlugin(node: Node): RoutePlugin {
  if (node.kind === 'scalar') return { name: node.text, config: {} }
  const config = findChild(node, 'config')
  const entries = config?.kind === 'map' ? [...config.entries.values()] : []
  return {
    name: findText(node, 'name') ?? '',
    config: toRecord(entries.map(({ key, value }) => [key, plainOf(value)] as const)),
  }
}
