import type { InstanceRef } from '../runtime.ts'
import { isContainerId, label, ownedBy, type ContainerInfo } from './container-labels.ts'
import type { Engine } from './engine.ts'

/** Finds containers by what their labels say. */
export const createFinder = ({ engine, owner }: { engine: Engine; owner: string }) => {
  const listIds = async (labels: readonly string[]): Promise<string[]> => {
    const query = { all: true, filters: { label: [...labels] } }
    const found = await engine.call('list containers', (docker) => docker.listContainers(query))
    return found.map(({ Id }) => Id)
  }

  const inspect = (id: string): Promise<ContainerInfo | null> =>
    engine.find('inspect a container', (docker) => docker.getContainer(id).inspect())

  return {
    inspect,

    /** Ids of our containers that carry a label. */
    listOwn: (filter: string): Promise<string[]> => listIds([filter, ownedBy(owner)]),

    /** What Docker Compose has started for a project: without a mark of any Keelson. */
    async listForeign(project: string): Promise<string[]> {
      const query = { all: true, filters: { label: [`${label.project}=${project}`] } }
      const found = await engine.call('list containers', (docker) => docker.listContainers(query))
      return found
        .filter(({ Labels }) => Labels[label.owner] === undefined)
        .filter(({ Labels }) => Labels[label.oneOff] !== 'True')
        .filter(({ Labels }) => Labels[label.service] !== undefined)
        .map(({ Id }) => Id)
    },

    async byRef({ incarnation }: Pick<InstanceRef, 'incarnation'>): Promise<ContainerInfo | null> {
      if (isContainerId(incarnation)) return inspect(incarnation)
      const [id] = await listIds([`${label.incarnation}=${incarnation}`, ownedBy(owner)])
      return id === undefined ? null : inspect(id)
    },

    /** The running container of a service with the lowest number; null when none runs. */
    async firstOf(stack: string, service: string): Promise<string | null> {
      const filters = {
        label: [`${label.project}=${stack}`, `${label.service}=${service}`],
        status: ['running'],
      }
      const found = await engine.call('list containers', (docker) =>
        docker.listContainers({ filters }),
      )
      const [first] = found
        .filter(({ Labels }) => Labels[label.oneOff] !== 'True' && !(label.hook in Labels))
        .toSorted((a, b) => Number(a.Labels[label.number]) - Number(b.Labels[label.number]))
      return first?.Id ?? null
    },
  }
}

export type Finder = ReturnType<typeof createFinder>
