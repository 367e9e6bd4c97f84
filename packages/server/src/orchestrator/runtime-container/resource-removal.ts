import type Docker from 'dockerode'
import { messageOf } from '../../kernel/errors.ts'
import type { RemovedResources, RuntimeLog } from '../runtime.ts'
import { label, ownedBy } from './container-labels.ts'
import { answeredWith, type Engine } from './engine.ts'

type RemovalDeps = { engine: Engine; owner: string; log: RuntimeLog; kind: 'network' | 'volume' }

/** Made by us; or by Docker Compose, by a name that the file of the stack has. */
export const isOfStack = (
  name: string,
  labels: Readonly<Record<string, string>> | null | undefined,
  { owner, made }: { owner: string; made: readonly string[] },
): boolean => {
  const theirs = labels?.[label.owner]
  return theirs === undefined ? made.includes(name) : theirs === owner
}

/** Removes networks or volumes of a stack that goes. */
export const createRemoval = ({ engine, owner, log, kind }: RemovalDeps) => {
  /** Does a container of ours still use it? */
  const isOurs = async (id: string): Promise<boolean> => {
    const query = { all: true, filters: { [kind]: [id], label: [ownedBy(owner)] } }
    const found = await engine.call('list containers', (docker) => docker.listContainers(query))
    return found.length > 0
  }

  return {
    removeEach: async (
      resources: readonly { id: string; name: string }[],
      remove: (docker: Docker, id: string) => Promise<unknown>,
    ): Promise<RemovedResources> => {
      const gone: RemovedResources = { removed: [], left: [] }
      for (const { id, name } of resources) {
        try {
          await engine.find(`remove ${kind} ${name}`, (docker) => remove(docker, id))
          gone.removed.push(`${kind} ${name}`)
        } catch (error) {
          if (!answeredWith(error, 403, 409) || (await isOurs(id))) throw error
          // As for Docker Compose: whoever uses it keeps it, and that is no reason not to go.
          log.warn({ [kind]: name, reason: messageOf(error) }, `a ${kind} is left to its users`)
          gone.left.push(`${kind} ${name}`)
        }
      }
      return gone
    },
  }
}
