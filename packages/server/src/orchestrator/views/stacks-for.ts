import { stackObject, type Stack } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Registry } from '../../registry/index.ts'
import type { Orchestrator } from '../orchestrator.ts'
import { stackFor } from './readable-stack.ts'
import { readableTo } from './readable-to.ts'

type Deps = { registry: Registry; orchestrator: Pick<Orchestrator, 'stacks' | 'driftOf'> }

/** Stacks that somebody may read, each with the services of it that they may. */
export const stacksFor = (actor: Actor, { registry, orchestrator }: Deps): Stack[] =>
  orchestrator
    .stacks()
    .filter(({ name }) => actor.may('stacks:read', stackObject(name)))
    .map((stack) => {
      const readable = readableTo({ actor, stack: stack.name, registry })
      return stackFor(stack, orchestrator.driftOf(stack.name), readable)
    })
