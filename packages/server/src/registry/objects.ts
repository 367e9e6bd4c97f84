import {
  platformObject,
  serviceObject,
  stackObject,
  type EventType,
  type ObjectRef,
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
export const maySeeCaller = (actor: Actor, registry: Known, caller: string): boolean => {
  const [stack = '', service] = caller.split('/')
  return (
    service === undefined ||
    actor.may('services:read', knownObject(registry, serviceObject(stack, service)))
  )
}

/** What everybody is told who sees a timeline at all. */
const toldToAll: ReadonlySet<string> = new Set<EventType>(['access.emergency_granted'])

/** Whether the actor may see that this happened. */
export const maySeeEvent = (
  actor: Actor,
  registry: Known,
  { type, subject }: { type: string; subject: string },
): boolean => toldToAll.has(type) || actor.may('services:read', objectOfSubject(registry, subject))

const objectOfSubject = (registry: Known, subject: string): ObjectRef => {
  const [stack = '', service] = subject.split('/')
  if (service !== undefined) return knownObject(registry, serviceObject(stack, service))
  return stack === 'system' ? platformObject : stackObject(stack)
}
