import { serviceObject, stackObject, stackRights, type ServiceSpec } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import { objectOf, serviceIdOf, type Registry } from '../../registry/index.ts'

type Asked = {
  actor: Actor
  stack: string
  registry: Pick<Registry, 'findService' | 'services'>
  /** Services as a file that is not applied, or not any more, makes them. */
  written?: readonly ServiceSpec[]
}

export type Readable = ReturnType<typeof readableTo>

/**
 * What of a stack somebody may read who may read the stack: `services:read` is asked on each service
 * (ADR 0022). A service that a file gives other labels, or another owner, than it is declared with may
 * be read by whoever may read both: labels that are not applied yet open nothing.
 */
export const readableTo = ({ actor, stack, registry, written = [] }: Asked) => {
  const asWritten = Map.groupBy(written, ({ name }) => name)
  const declared = registry.services().filter((service) => service.stack === stack)
  const answers = new Map<string, boolean>()

  const decide = (name: string): boolean => {
    const known = registry.findService(serviceIdOf(stack, name))
    const objects = [
      ...(known === undefined ? [] : [objectOf(known)]),
      ...(asWritten.get(name) ?? []).map((spec) => objectOf({ stack, spec })),
    ]
    return (objects.length > 0 ? objects : [serviceObject(stack, name)]).every((object) =>
      actor.may('services:read', object),
    )
  }

  /** Of this stack, by its name. */
  const mayRead = (name: string): boolean => {
    const known = answers.get(name)
    if (known !== undefined) return known
    const answer = decide(name)
    answers.set(name, answer)
    return answer
  }

  const names = new Set([...declared.map(({ spec }) => spec.name), ...asWritten.keys()])
  const object = stackObject(stack)
  return {
    stack,
    mayRead,
    /** By `<stack>/<service>` or by its name: nothing of one stack depends on another. */
    mayReadId: (id: string): boolean => mayRead(id.slice(id.indexOf('/') + 1)),
    /** As they are declared, and as they are written. */
    specs: [...declared.map(({ spec }) => spec), ...written],
    /** Names of services, declared or written, that may not be read. */
    hidden: [...names].filter((name) => !mayRead(name)),
    /** What they may do with the stack as a whole. */
    rights: stackRights.filter((right) => actor.may(right, object)),
    mayReadGateway: actor.may('gateway:read', object),
    /** To apply what one cannot see would be worse than to see it. */
    mayApply: actor.may('stacks:write', object),
  }
}
