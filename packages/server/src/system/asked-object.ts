import type { ObjectRef } from '@keelson/contract'
import type { Actor } from '../kernel/actor.ts'
import type { Orchestrator } from '../orchestrator/index.ts'
import { knownObject, serviceIdOf, type Registry } from '../registry/index.ts'

type Deps = {
  registry: Pick<Registry, 'findService'>
  orchestrator: Pick<Orchestrator, 'stacks'>
}

/**
 * An object that somebody asks about: with its labels and owner if it is there. What they may not see
 * is answered like what is not there.
 */
export const askedObject = (
  object: ObjectRef,
  actor: Actor,
  { registry, orchestrator }: Deps,
): ObjectRef & { isThere: boolean } => {
  const [stack = '', service] = object.path
  if (object.path.length === 0) return { ...object, isThere: true }
  if (service === undefined) {
    const isThere = orchestrator.stacks().some(({ name }) => name === stack)
    return { ...object, isThere: isThere && actor.may('stacks:read', object) }
  }
  const known = knownObject(registry, object)
  const isThere = registry.findService(serviceIdOf(stack, service)) !== undefined
  return isThere && actor.may('services:read', known)
    ? { ...known, isThere: true }
    : { ...object, isThere: false }
}
