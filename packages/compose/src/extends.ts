import { dirname, relative, resolve } from 'node:path'
import type { Origin } from './diagnostics.ts'
import type { Loading, Scope } from './scope.ts'
import { dropResets, mergeTrees, rulesFor } from './merge.ts'
import { findMap, isNull, withChild } from './node.ts'
import type { Entry, MapNode, Node, Provenance } from './node.ts'
import { isRemoteFile, resolvePath } from './paths.ts'
import { extension } from './schema-service.ts'
import { checkShape } from './shape.ts'
import { suggest } from './suggestion.ts'

export type ExtendsContext = {
  scope: Scope
  loading: Loading
  /** The file whose services are looked at. */
  file: string
  readExtended: (
    file: string,
    base: string,
    at: Origin,
    context: ExtendsContext,
  ) => Promise<MapNode>
}

/** The services of one file; those already extended are replaced in place. */
type Services = { file: string; entries: Map<string, Entry>; done: Set<string> }
type Step = { file: string; service: string }

/**
 * Puts under each service what it extends, in this file or in another one, over any number of steps.
 * Source: compose-go loader/extends.go. Errors: what is not found, cycles, files elsewhere.
 */
export async function applyExtends(root: MapNode, context: ExtendsContext): Promise<MapNode> {
  const services = findMap(root, 'services')
  if (
    services === undefined ||
    ![...services.entries.values()].some(({ value }) => extendsOf(value))
  )
    return root
  const table: Services = {
    file: context.file,
    entries: new Map(services.entries),
    done: new Set(),
  }
  for (const name of services.entries.keys()) await extendService(name, table, [], context)
  return withChild(root, 'services', { ...services, entries: table.entries })
}

function extendsOf(service: Node | undefined): Node | undefined {
  if (service?.kind !== 'map') return undefined
  const node = service.entries.get('extends')?.value
  return node === undefined || isNull(node) || node.mark === 'reset' ? undefined : node
}

async function extendService(
  name: string,
  table: Services,
  trail: readonly Step[],
  context: ExtendsContext,
): Promise<Node | undefined> {
  const entry = table.entries.get(name)
  const service = entry?.value
  const node = extendsOf(service)
  if (entry === undefined || service?.kind !== 'map' || node === undefined) return service
  if (table.done.has(name)) return service
  checkShape(node, extension, context.loading.report, ['services', name, 'extends'])
  context.loading.report.throwIfErrors()
  const reference = readReference(node)
  if (reference === undefined) return service
  const path = [...trail, { file: table.file, service: name }]
  if (!checkTrail(trail, path, node, context)) return undefined
  const from = await findTable(reference, table, node, context)
  const base = from?.entries.get(reference.service)?.value
  if (from === undefined || base === undefined) {
    if (from !== undefined) refuseUndefined(name, reference.service, from, node, context)
    return undefined
  }
  const extended = await extendService(reference.service, from, path, context)
  table.done.add(name)
  if (extended?.kind !== 'map') return service
  const note =
    from.file === table.file
      ? `extends ${reference.service}`
      : `extends ${reference.service} in ${reference.file}`
  const source = copyThrough(dropResets(extended), { ...node.at, note }, context)
  if (source === undefined) return undefined
  const rules = rulesFor('services', name)
  const merged = mergeTrees(source as MapNode, service, context.loading.report, rules)
  const value = withChild({ ...merged, at: service.at, via: service.via }, 'extends', undefined)
  table.entries.set(name, { ...entry, value })
  return value
}

function readReference(node: Node): { service: string; file?: string } | undefined {
  if (node.kind === 'scalar')
    return typeof node.value === 'string' ? { service: node.value } : undefined
  if (node.kind === 'list') return undefined
  const [service, file] = ['service', 'file'].map((key) => node.entries.get(key)?.value)
  if (service?.kind !== 'scalar' || typeof service.value !== 'string') return undefined
  if (file === undefined || isNull(file)) return { service: service.value }
  if (file.kind !== 'scalar' || typeof file.value !== 'string') return undefined
  return { service: service.value, file: file.value }
}

/** Is this step a new one, and not one too many? */
function checkTrail(
  trail: readonly Step[],
  path: readonly Step[],
  at: Provenance,
  { loading: { report, limits } }: ExtendsContext,
): boolean {
  const last = path.at(-1)
  const first = trail.findIndex((s) => s.file === last?.file && s.service === last.service)
  if (first !== -1) {
    const steps = path.slice(first).map(({ service, file }) => `${service} in ${file}`)
    const message = `Circular reference: ${steps.join(' extends ')}`
    report.error('extends_cycle', at.at, message, 'take one of these extends out')
    return false
  }
  if (path.length <= limits.depthMax) return true
  report.error('too_deep', at.at, `more than ${limits.depthMax} services extend each other`)
  return false
}

/** The services among which the extended one is: those of this file, or of the one named. */
async function findTable(
  { file }: { file?: string },
  table: Services,
  node: Node,
  context: ExtendsContext,
): Promise<Services | undefined> {
  if (file === undefined) return table
  const { scope, loading } = context
  if (isRemoteFile(file)) {
    const message = `extends.file ${file} is not on this machine, and nothing is fetched`
    loading.report.error('remote_file', node.at, message, 'download it and name the copy')
    return undefined
  }
  const written = resolvePath(file, { base: scope.dir, environment: scope.environment })
  const path = resolve(scope.dir, written)
  const asked = node.kind === 'map' ? (node.entries.get('file')?.value ?? node) : node
  if (!(await loading.confinement.check('extends.file', path, asked.at))) return undefined
  const base = relative(scope.dir, dirname(path)) || '.'
  const key = `${base} ${path}`
  const known = loading.extendedFiles.get(key) ?? context.readExtended(path, base, node.at, context)
  loading.extendedFiles.set(key, known)
  const services = findMap(await known, 'services')
  if (services === undefined) {
    const message = `cannot extend a service in ${path}: no services section`
    loading.report.error('undefined_service', node.at, message)
    return undefined
  }
  return { file: path, entries: new Map(services.entries), done: new Set() }
}

function refuseUndefined(
  name: string,
  service: string,
  { file, entries }: Services,
  node: Node,
  { loading: { report } }: ExtendsContext,
): void {
  const message = `cannot extend service "${name}": service "${service}" not found in ${file}`
  report.error('undefined_service', node.at, message, suggest(service, [...entries.keys()]))
}

/** A copy that says it came by `extends`; undefined when all copies together are too many. */
function copyThrough(node: Node, use: Origin, { loading }: ExtendsContext): Node | undefined {
  const { limits, report } = loading
  function copy(node: Node): Node {
    loading.extendedNodeCount++
    const via = [use, ...node.via]
    if (node.kind === 'scalar' || loading.extendedNodeCount > limits.extendedNodeCountMax) {
      return { ...node, via }
    }
    if (node.kind === 'list') return { ...node, via, items: node.items.map(copy) }
    const entries = new Map<string, Entry>()
    for (const [key, entry] of node.entries) {
      entries.set(key, { ...entry, value: copy(entry.value) })
    }
    return { ...node, via, entries }
  }
  const copied = copy(node)
  if (loading.extendedNodeCount <= limits.extendedNodeCountMax) return copied
  const message = `extends copies more than ${limits.extendedNodeCountMax} values`
  report.error('too_many_values', use, message, 'extend smaller services')
  return undefined
}
