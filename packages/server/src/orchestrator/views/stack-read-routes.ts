import type { Actor } from '../../kernel/actor.ts'
import type { Http } from '../../kernel/http.ts'
import type { Registry } from '../../registry/index.ts'
import type { Orchestrator } from '../orchestrator.ts'
import { filesFaultFor, filesPlanFor } from './readable-plan.ts'
import { revisionFor, stackFor, stateFor } from './readable-stack.ts'
import { readableTo } from './readable-to.ts'
import { stacksFor } from './stacks-for.ts'

type Deps = { http: Http; registry: Registry; orchestrator: Orchestrator }

/** What is answered about stacks as a whole; of each service, what may be read of it. */
export const stackReadRoutes = ({ http, registry, orchestrator }: Deps): void => {
  const readableIn = (actor: Actor, stack: string) => readableTo({ actor, stack, registry })

  http.route('listStacks', ({ actor }) => ({
    items: stacksFor(actor, { registry, orchestrator }),
    nextCursor: null,
  }))
  http.route('getStack', ({ actor, params: { stack: name }, reply }) => {
    const stack = orchestrator.getStack(name)
    reply.header('etag', `"${stack.revision}"`)
    return stackFor(stack, orchestrator.driftOf(name), readableIn(actor, name))
  })
  http.route('getStackState', ({ actor, params: { stack } }) => {
    const state = orchestrator.stackState(stack, actor)
    const written = orchestrator.specsOf(stack)
    return stateFor(state, readableTo({ actor, stack, registry, written }))
  })
  http.route('planStackFiles', async ({ actor, params: { stack } }) => {
    const { services: written, ...files } = await orchestrator.files
      .plan(stack)
      .catch((fault: unknown) => {
        throw filesFaultFor(fault, readableIn(actor, stack))
      })
    return filesPlanFor(files, readableTo({ actor, stack, registry, written }))
  })
  http.route('listStackRevisions', async ({ actor, params: { stack } }) => {
    const kept = await orchestrator.revisions(stack)
    const items = kept.map(({ services: written, ...revision }) =>
      revisionFor(revision, readableTo({ actor, stack, registry, written })),
    )
    return { items, nextCursor: null }
  })
}
