import type { Document } from 'yaml'
import type { ServiceEvidence } from '../systems/system.ts'
import { changeYaml, type Healthy } from './healthy.ts'
import type { Mutant } from './mutant.ts'

type Change = (
  document: Document,
  keys: readonly string[],
  service: ServiceEvidence,
) => boolean | void

/** A mutant for each service that `suits`, its mapping in the compose file changed. */
export function* eachService(
  healthy: Healthy,
  suits: (service: ServiceEvidence) => boolean,
  change: Change,
): Generator<Mutant> {
  for (const service of healthy.system.services.values()) {
    if (!suits(service)) continue
    const keys = ['services', service.name]
    const changes = changeYaml(healthy, service.at.file, (document) =>
      document.hasIn(keys) ? change(document, keys, service) : false,
    )
    if (changes !== undefined) yield { about: service.name, service: service.name, changes }
  }
}

/** Takes a key away that stands in the service itself; one that is merged in stays. */
export const without =
  (...path: readonly string[]): Change =>
  (document, keys) => {
    const at = [...keys, ...path]
    if (!document.hasIn(at)) return false
    document.deleteIn(at)
    return undefined
  }

export const having =
  (path: readonly string[], value: (service: ServiceEvidence) => unknown): Change =>
  (document, keys, service) => {
    document.setIn([...keys, ...path], document.createNode(value(service)))
  }

/** A variable of the service as `environment:` has it, mapping or list, given another value. */
export const withVariable = (
  document: Document,
  keys: readonly string[],
  name: string,
  value: string,
): boolean => {
  const environment = document.getIn([...keys, 'environment'], true)
  const plain: unknown = (environment as { toJSON?: () => unknown } | undefined)?.toJSON?.()
  if (Array.isArray(plain)) {
    const index = plain.findIndex((item) => String(item).split('=')[0] === name)
    document.setIn(
      [...keys, 'environment', index === -1 ? plain.length : index],
      `${name}=${value}`,
    )
    return true
  }
  if (environment !== undefined && typeof plain !== 'object') return false
  // An alias stands for a mapping of another place, an anchor for others that stand on this one.
  if (environment !== undefined && !('items' in (environment as object))) return false
  const before = document.getIn([...keys, 'environment', name], true)
  if ([environment, before].some((node) => isAnchored(node))) return false
  document.setIn([...keys, 'environment', name], value)
  return true
}

const isAnchored = (node: unknown): boolean =>
  typeof node === 'object' && node !== null && 'anchor' in node && node.anchor !== undefined

/** What it listens on is certain: code of the stack, or an image that takes its port from a flag. */
export const hasOnePort = (service: ServiceEvidence): boolean =>
  service.build !== undefined || isOfKind('exporter')(service)

export const anyService = (): boolean => true
export const isBuilt = ({ build }: ServiceEvidence): boolean => build?.dockerfile !== undefined
export const isOfKind =
  (...kinds: readonly string[]) =>
  ({ image, build }: ServiceEvidence): boolean =>
    build === undefined && image?.known !== undefined && kinds.includes(image.known.kind)
export const isStore = isOfKind('database', 'cache', 'broker', 'search', 'object store')
