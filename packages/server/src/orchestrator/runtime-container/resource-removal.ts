import type Docker from 'dockerode'
import { messageOf } from '../../kernel/errors.ts'
import type { RemovedResources, RuntimeLog } from '../runtime.ts'
import { label, ownedBy } from './container-labels.ts'
import { standsForLabel } from './container-mounts.ts'
import { answeredWith, type Engine } from './engine.ts'

type RemovalDeps = {
  engine: Engine
  owner: string
  log: RuntimeLog
  kind: 'network' | 'volume'
  /** Beside what the engine itself refuses. */
  isInUse?: (resource: Resource) => Promise<boolean>
}
type Resource = { id: string; name: string }

/** Made by us; or by Docker Compose, by a name that the file of the stack has. */
export const isOfStack = (
  name: string,
  labels: Readonly<Record<string, string>> | null | undefined,
  { owner, made }: { owner: string; made: readonly string[] },
): boolean => {
  // Says where a volume is, and goes only with it.
  if (labels?.[standsForLabel] !== undefined) return false
  const theirs = labels?.[label.owner]
  return theirs === undefined ? made.includes(name) : theirs === owner
}

/**
 * Does a container refer to a network that is neither ours nor one of the project? The engine keeps
 * a network for those that run only; one that is stopped could never start again. Without `made` the
 * project is another folder's.
 */
export const isStrangers = async (
  engine: Engine,
  { id, name }: Resource,
  { owner, stack, made }: { owner: string; stack: string; made: readonly string[] | undefined },
): Promise<boolean> => {
  // By its name as well: a container that has never run does not know the id.
  const query = { all: true, filters: { network: [id, name] } }
  const found = await engine.call('list containers', (docker) => docker.listContainers(query))
  return found.some(({ Labels }) => {
    const theirs = Labels[label.owner]
    if (theirs !== undefined) return theirs !== owner
    return made === undefined || Labels[label.project] !== stack
  })
}

/** Removes networks or volumes of a stack that goes. */
export const createRemoval = ({ engine, owner, log, kind, isInUse }: RemovalDeps) => {
  /** Does a container of ours still use it? */
  const isOurs = async (id: string): Promise<boolean> => {
    const query = { all: true, filters: { [kind]: [id], label: [ownedBy(owner)] } }
    const found = await engine.call('list containers', (docker) => docker.listContainers(query))
    return found.length > 0
  }

  return {
    removeEach: async (
      resources: readonly Resource[],
      remove: (docker: Docker, id: string) => Promise<unknown>,
    ): Promise<RemovedResources> => {
      const gone: RemovedResources = { removed: [], left: [] }
      const leave = (name: string, reason: string): void => {
        // As for Docker Compose: whoever uses it keeps it, and that is no reason not to go.
        log.warn({ [kind]: name, reason }, `a ${kind} is left to its users`)
        gone.left.push(`${kind} ${name}`)
      }
      for (const { id, name } of resources) {
        if ((await isInUse?.({ id, name })) === true) {
          leave(name, 'containers of somebody else refer to it')
          continue
        }
        try {
          await engine.find(`remove ${kind} ${name}`, (docker) => remove(docker, id))
          gone.removed.push(`${kind} ${name}`)
        } catch (error) {
          if (!answeredWith(error, 403, 409) || (await isOurs(id))) throw error
          leave(name, messageOf(error))
        }
      }
      return gone
    },
  }
}
