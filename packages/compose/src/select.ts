import type { Report } from './diagnostics.ts'
import { findChild, findMap, mapChildren, withChild } from './node.ts'
import type { Entry, MapNode, Node } from './node.ts'
import { suggest } from './suggestion.ts'
import { findBoolean, findText, listTexts } from './values.ts'

/** Services that run, and beside them those whose profiles are off. */
export type Selection = { enabled: MapNode; disabled: Map<string, string[]> }

/** A service without profiles is always on; one with profiles is on with any of them. */
function isActive(service: Node, active: readonly string[]): boolean {
  const profiles = listTexts(findChild(service, 'profiles'))
  if (profiles.length === 0 || active.includes('*')) return true
  return profiles.some((profile) => active.includes(profile))
}

/** The services that the active profiles turn on. */
export function selectProfiles(services: MapNode, active: readonly string[]): Selection {
  const entries = new Map<string, Entry>()
  const disabled = new Map<string, string[]>()
  for (const [key, entry] of services.entries) {
    if (isActive(entry.value, active)) entries.set(key, entry)
    else disabled.set(key, listTexts(findChild(entry.value, 'profiles')))
  }
  return { enabled: { ...services, entries }, disabled }
}

/** All profiles of these services; names that are none are somebody else's to refuse. */
export function profilesOf(services: MapNode, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const service = services.entries.get(name)?.value
    return service === undefined ? [] : listTexts(findChild(service, 'profiles'))
  })
}

/**
 * As the names given to `docker compose up`: these services and what they depend on. Naming a
 * service turns its profiles on.
 */
export function selectServices(
  services: MapNode,
  active: readonly string[],
  names: readonly string[],
  report: Report,
): Selection {
  for (const name of names.filter((one) => !services.entries.has(one))) {
    const hint = suggest(name, [...services.entries.keys()])
    report.error('undefined_service', services.at, `no such service: ${name}`, hint)
  }
  const turnedOn = names.filter((name) => {
    const service = services.entries.get(name)?.value
    return service !== undefined && !isActive(service, active)
  })
  const profiles = [...active, ...profilesOf(services, turnedOn)]
  const { enabled, disabled } = selectProfiles(services, profiles)
  const wanted = new Set<string>()
  const pending = names.filter((name) => enabled.entries.has(name))
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (wanted.has(name)) continue
    wanted.add(name)
    const needed = findMap(enabled.entries.get(name)?.value, 'depends_on')
    pending.push(...[...(needed?.entries.keys() ?? [])].filter((key) => enabled.entries.has(key)))
  }
  const entries = new Map<string, Entry>()
  for (const [key, entry] of enabled.entries) {
    if (!wanted.has(key)) disabled.set(key, listTexts(findChild(entry.value, 'profiles')))
    else entries.set(key, { ...entry, value: withoutUnselected(entry.value, wanted) })
  }
  return { enabled: { ...enabled, entries }, disabled }
}

/** An optional dependency that is not selected is none. */
function withoutUnselected(service: Node, selected: ReadonlySet<string>): Node {
  const dependencies = findMap(service, 'depends_on')
  if (service.kind !== 'map' || dependencies === undefined) return service
  const entries = new Map(
    [...dependencies.entries].filter(
      ([key, { value }]) => selected.has(key) || findBoolean(value, 'required') !== false,
    ),
  )
  if (entries.size === dependencies.entries.size) return service
  return withChild(service, 'depends_on', { ...dependencies, entries })
}

/** Takes away the networks, volumes and so on that no service uses. */
export function dropUnused(root: MapNode): MapNode {
  const used = findUsed(root)
  return [...used].reduce((tree, [section, names]) => {
    const resources = findMap(tree, section)
    if (resources === undefined) return tree
    const entries = new Map([...resources.entries].filter(([key]) => names.has(key)))
    return withChild(tree, section, { ...resources, entries })
  }, root)
}

function findUsed(root: MapNode): Map<string, Set<string>> {
  const used = new Map(
    ['networks', 'volumes', 'secrets', 'configs', 'models'].map((key) => [key, new Set<string>()]),
  )
  const use = (section: string, name: string | undefined) => {
    if (name !== undefined) used.get(section)?.add(name)
  }
  const services = findMap(root, 'services')
  if (services === undefined) return used
  mapChildren(services, (service) => {
    for (const section of ['networks', 'models']) {
      for (const key of findMap(service, section)?.entries.keys() ?? []) use(section, key)
    }
    for (const mount of itemsOf(findChild(service, 'volumes'))) {
      if (findText(mount, 'type') === 'volume') use('volumes', findText(mount, 'source'))
    }
    const build = findChild(service, 'build')
    for (const parent of [service, build]) {
      for (const item of itemsOf(findChild(parent, 'secrets')))
        use('secrets', findText(item, 'source'))
    }
    for (const item of itemsOf(findChild(service, 'configs')))
      use('configs', findText(item, 'source'))
    return service
  })
  return used
}

function itemsOf(node: Node | undefined): Node[] {
  return node?.kind === 'list' ? node.items : []
}
