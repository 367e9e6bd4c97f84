import {
  platformObject,
  serviceObject,
  stackObject,
  type EventType,
  type ObjectRef,
  type Permission,
} from '@keelson/contract'
import type { Actor } from '../kernel/actor.ts'
import type { FindService } from '../kernel/object-check.ts'
import { objectOf } from './declaration.ts'
import { serviceIdOf, type Registry } from './registry.ts'

type Known = Pick<Registry, 'findService'>

/** With the labels and the owner of its file, when it is a service that is declared. */
export const knownObject = (registry: Known, object: ObjectRef): ObjectRef => {
  const [stack, service] = object.path
  if (stack === undefined || service === undefined) return object
  const declared = registry.findService(serviceIdOf(stack, service))
  return declared === undefined ? object : objectOf(declared)
}

/** How routes find the service they are about. */
export const findServiceIn =
  (registry: Pick<Registry, 'getService'>): FindService =>
  (name, stack, isVisible) => {
    const service = registry.getService(name, stack, (one) => isVisible(objectOf(one)))
    return { id: service.id, object: objectOf(service) }
  }

/** By id; who calls from outside of all stacks is `internet`. */
export const maySeeCaller = (actor: Actor, registry: Known, caller: string): boolean =>
  !caller.includes('/') || mayReadService(actor, registry, caller)

/** By id. */
export const mayReadService = (actor: Actor, registry: Known, id: string): boolean => {
  const [stack = '', service = ''] = id.split('/')
  return actor.may('services:read', knownObject(registry, serviceObject(stack, service)))
}

/** What everybody is told who sees a timeline at all. */
const toldToAll: ReadonlySet<string> = new Set<EventType>(['access.emergency_granted'])

/** What the text of an event quotes, where that takes a permission of its own. */
const quotes: ReadonlyMap<string, Permission> = new Map<EventType, Permission>([
  ['gaps.changed', 'gaps:read'],
  ['gap.accepted', 'gaps:read'],
  ['gap.acceptance_withdrawn', 'gaps:read'],
])

/** Whether the actor may see that this happened. */
export const maySeeEvent = (
  actor: Actor,
  registry: Known,
  { type, subject }: { type: string; subject: string },
): boolean => {
  if (toldToAll.has(type)) return true
  const object = objectOfSubject(registry, subject)
  const quoted = quotes.get(type)
  return actor.may('services:read', object) && (quoted === undefined || actor.may(quoted, object))
}

const objectOfSubject = (registry: Known, subject: string): ObjectRef => {
  const [stack = '', service] = subject.split('/')
  if (service !== undefined) return knownObject(registry, serviceObject(stack, service))
  return stack === 'system' ? platformObject : stackObject(stack)
}
