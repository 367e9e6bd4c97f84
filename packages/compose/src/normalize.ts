import type { Environment } from './environment.ts'
import { variableOrigin } from './interpolate.ts'
import {
  defaultOf,
  findChild,
  findMap,
  isNull,
  mapChildren,
  mapItems,
  mapOf,
  scalarOf,
  withChild,
} from './node.ts'
import type { Entry, MapNode, Node, Provenance } from './node.ts'
import { cleanPath } from './paths.ts'
import { findBoolean, findText, listScalars } from './values.ts'

/**
 * Says what is implied: names from keys, the default network, dependencies that follow from links
 * and shared namespaces, values of names without one. Source: compose-go loader/normalize.go.
 */
export function normalize(root: MapNode, name: string, environment: Environment): MapNode {
  const services = findMap(root, 'services')
  const attached = services === undefined ? undefined : mapChildren(services, attachToDefault)
  const named = attached === undefined ? root : withChild(root, 'services', attached)
  const withNetworks = addDefaultNetwork(named, attached)
  const settled = withSection(withNetworks, 'services', (service) =>
    service.kind === 'map' ? normalizeService(service, environment) : service,
  )
  return ['networks', 'volumes', 'configs', 'secrets'].reduce(
    (tree, section) => withSection(tree, section, (node, key) => nameResource(node, key, name)),
    settled,
  )
}

function withSection(
  root: MapNode,
  section: string,
  change: (node: Node, key: string) => Node,
): MapNode {
  const node = findMap(root, section)
  if (node === undefined) return root
  const changed = mapChildren(node, change)
  return changed === node ? root : withChild(root, section, changed)
}

/** A service that says nothing about networks is on the default one. */
function attachToDefault(service: Node): Node {
  if (service.kind !== 'map') return service
  if (service.entries.has('provider') || service.entries.has('network_mode')) return service
  const networks = findChild(service, 'networks')
  if (networks?.kind === 'map' && networks.entries.size > 0) return service
  const at = defaultOf(service)
  return withChild(service, 'networks', mapOf([['default', scalarOf(null, at)]], at))
}

/** The default network is there when some service uses it. */
function addDefaultNetwork(root: MapNode, services: MapNode | undefined): MapNode {
  const users = [...(services?.entries.values() ?? [])].find(({ value }) =>
    findMap(value, 'networks')?.entries.has('default'),
  )
  const networks = findMap(root, 'networks')
  if (users === undefined || networks?.entries.has('default') === true) return root
  const at = defaultOf(users.value)
  const empty = mapOf([], at)
  return withChild(root, 'networks', withChild(networks ?? empty, 'default', mapOf([], at)))
}

function nameResource(node: Node, key: string, project: string): Node {
  const resource = node.kind === 'map' ? node : mapOf([], node)
  if (findChild(resource, 'name') !== undefined) return resource
  const isExternal = findBoolean(resource, 'external') === true
  const name = isExternal ? key : `${project}_${key}`
  return withChild(resource, 'name', scalarOf(name, defaultOf(resource)))
}

function normalizeService(service: MapNode, environment: Environment): MapNode {
  let changed = withPullPolicy(service)
  changed = withChanged(changed, 'build', (build) => normalizeBuild(build, environment))
  changed = withChanged(changed, 'environment', (node) =>
    mapChildren(node, (value, key) => inherit(value, key, environment)),
  )
  changed = withMountTargets(changed)
  changed = withImpliedDependencies(changed)
  return withHookImages(changed)
}

function withChanged(service: MapNode, key: string, change: (node: MapNode) => MapNode): MapNode {
  const node = findMap(service, key)
  if (node === undefined) return service
  const changed = change(node)
  return changed === node ? service : withChild(service, key, changed)
}

function withPullPolicy(service: MapNode): MapNode {
  const policy = findChild(service, 'pull_policy')
  if (policy?.kind !== 'scalar' || policy.text !== 'if_not_present') return service
  return withChild(service, 'pull_policy', scalarOf('missing', policy))
}

function normalizeBuild(build: MapNode, environment: Environment): MapNode {
  const at = defaultOf(build)
  let changed = build
  if (findChild(build, 'context') === undefined) {
    changed = withChild(changed, 'context', scalarOf('.', at))
  }
  const hasFile = ['dockerfile', 'dockerfile_inline'].some((key) => findChild(build, key))
  if (!hasFile) changed = withChild(changed, 'dockerfile', scalarOf('Dockerfile', at))
  return withChanged(changed, 'args', (args) => {
    const entries = new Map<string, Entry>()
    for (const [key, entry] of args.entries) {
      const value = inherit(entry.value, key, environment)
      if (!isNull(value)) entries.set(key, { ...entry, value })
    }
    return { ...args, entries }
  })
}

/** A name without a value has the one of the shell, or of `.env`. */
export function inherit(value: Node, key: string, environment: Environment): Node {
  if (!isNull(value)) return value
  const variable = environment.get(key)
  if (variable === undefined) return value
  const from = [...value.from, variableOrigin(key, environment)]
  return scalarOf(variable.value, { ...value, from })
}

function withMountTargets(service: MapNode): MapNode {
  const volumes = findChild(service, 'volumes')
  if (volumes?.kind !== 'list') return service
  const cleaned = mapItems(volumes, (mount) => {
    const target = findChild(mount, 'target')
    if (mount.kind !== 'map' || target?.kind !== 'scalar') return mount
    const text = cleanPath(target.text)
    return text === target.text ? mount : withChild(mount, 'target', scalarOf(text, target))
  })
  return cleaned === volumes ? service : withChild(service, 'volumes', cleaned)
}

const namespaces = ['network_mode', 'ipc', 'pid', 'uts', 'cgroup']

/** Who uses what another service has, starts after it. */
function withImpliedDependencies(service: MapNode): MapNode {
  const written = findMap(service, 'depends_on')
  const added: [string, Node][] = []
  const add = (name: string, at: Provenance, restart: boolean) => {
    if (written?.entries.has(name) === true || added.some(([known]) => known === name)) return
    added.push([name, impliedDependency(at, restart)])
  }
  for (const link of listScalars(findChild(service, 'links'))) {
    const parts = link.text.split(':')
    add(parts.length === 2 ? (parts[0] ?? '') : link.text, link, true)
  }
  for (const namespace of namespaces) {
    const reference = findText(service, namespace)
    const at = findChild(service, namespace)
    if (at !== undefined && reference?.startsWith('service:') === true) {
      add(reference.slice('service:'.length), at, true)
    }
  }
  for (const volumes of listScalars(findChild(service, 'volumes_from'))) {
    if (!volumes.text.startsWith('container:'))
      add(volumes.text.split(':')[0] ?? '', volumes, false)
  }
  if (added.length === 0) return service
  const base = written ?? mapOf([], added[0]?.[1] ?? service)
  return withChild(
    service,
    'depends_on',
    added.reduce((map, [name, node]) => withChild(map, name, node), base),
  )
}

function impliedDependency(at: Provenance, restart: boolean): Node {
  return mapOf(
    [
      ['condition', scalarOf('service_started', at)],
      ['restart', restart ? scalarOf(true, at) : undefined],
      ['required', scalarOf(true, at)],
    ],
    at,
  )
}

/** An init container runs in the service's image unless it names another. */
function withHookImages(service: MapNode): MapNode {
  const hooks = findChild(service, 'pre_start')
  const image = findChild(service, 'image')
  if (hooks?.kind !== 'list' || image?.kind !== 'scalar' || image.text === '') return service
  const filled = mapItems(hooks, (hook) =>
    hook.kind !== 'map' || hook.entries.has('image') ? hook : withChild(hook, 'image', image),
  )
  return filled === hooks ? service : withChild(service, 'pre_start', filled)
}
