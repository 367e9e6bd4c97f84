import type Docker from 'dockerode'
import { isOtherFolder } from '../plan/other-folder.ts'
import type { ContainerHolder, InstanceRef, InstanceSpec } from '../runtime.ts'
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

    /** Every container of the engine. */
    async holders(): Promise<ContainerHolder[]> {
      const query = { all: true }
      const found = await engine.call('list containers', (docker) => docker.listContainers(query))
      return found.flatMap((one) => holdersIn(one, owner))
    },

    async byRef({ incarnation }: Pick<InstanceRef, 'incarnation'>): Promise<ContainerInfo | null> {
      if (isContainerId(incarnation)) return inspect(incarnation)
      const [id] = await listIds([`${label.incarnation}=${incarnation}`, ownedBy(owner)])
      return id === undefined ? null : inspect(id)
    },

    /**
     * The running container of a service with the lowest number; null when none runs. Ours before
     * those of Docker Compose, which may be taken over; never one of another Keelson, nor of a
     * project that has the name of the stack and another folder.
     */
    async firstOf(
      { stack, stackDir }: Pick<InstanceSpec, 'stack' | 'stackDir'>,
      service: string,
    ): Promise<string | null> {
      const filters = {
        label: [`${label.project}=${stack}`, `${label.service}=${service}`],
        status: ['running'],
      }
      const found = await engine.call('list containers', (docker) =>
        docker.listContainers({ filters }),
      )
      const instances = found
        .filter(({ Labels }) => Labels[label.oneOff] !== 'True' && !(label.hook in Labels))
        .toSorted((a, b) => Number(a.Labels[label.number]) - Number(b.Labels[label.number]))
      const ours = instances.find(({ Labels }) => Labels[label.owner] === owner)
      if (ours !== undefined) return ours.Id
      for (const { Id, Labels } of instances) {
        const isTheirs = Labels[label.owner] !== undefined
        if (!isTheirs && !(await isOtherFolder(Labels[label.folder], stackDir))) return Id
      }
      return null
    },
  }
}

/** A container has one name, and with links of the old kind one more below each that links it. */
const holdersIn = (
  { Names, Labels, State, Image }: Docker.ContainerInfo,
  owner: string,
): ContainerHolder[] => {
  const { [label.owner]: mark, [label.project]: stack } = Labels
  const whose =
    mark === owner
      ? ('ours' as const)
      : mark !== undefined
        ? ('keelson' as const)
        : stack === undefined
          ? ('nobody' as const)
          : ('compose' as const)
  return Names.filter((name) => !name.slice(1).includes('/')).map((name) => ({
    ...{ name: name.slice(1), running: State === 'running' || State === 'paused', whose },
    ...{ stack: stack ?? null, service: Labels[label.service] ?? null },
    ...{ folder: Labels[label.folder] ?? null, image: Image },
  }))
}

export type Finder = ReturnType<typeof createFinder>
