import type Docker from 'dockerode'
import type { ContainerSpec } from '@keelson/contract'
import { messageOf } from '../../kernel/errors.ts'
import type { InstanceSpec } from '../runtime.ts'
import type { Finder } from './container-finder.ts'
import { label, ownedBy, refOf, type ContainerInfo } from './container-labels.ts'
import {
  placeVolumeOptions,
  isUnnamedVolume,
  standsForLabel,
  unnamedTargets,
  volumesGoWith,
  volumesOf,
  type PlaceVolumes,
} from './container-mounts.ts'
import { answeredWith, type Engine } from './engine.ts'
import { sharingOptions, type Neighbours } from './host-options.ts'
import { cleanTarget } from './mount-options.ts'

type VolumeDeps = { engine: Engine; owner: string; finder: Pick<Finder, 'inspect' | 'listForeign'> }
type NewVolume = ReturnType<typeof placeVolumeOptions>

const find = (engine: Engine, name: string): Promise<Docker.VolumeInspectInfo | null> =>
  engine.find('inspect a volume', (docker) => docker.getVolume(name).inspect())

const create = (
  engine: Engine,
  { Name, Labels }: NewVolume,
  more: Readonly<Record<string, string>>,
): Promise<unknown> => {
  const options = { Name, Labels: { ...Labels, ...more } }
  return engine.call(`create volume ${Name}`, (docker) => docker.createVolume(options))
}

/**
 * Before a container that Keelson has not made goes: where its successor finds its volumes. This is
 * written down in the engine, as everything about containers: in the labels of an empty volume.
 * `unnamed`: targets where the service wants any volume, so that of whatever name is kept.
 */
export const keepVolumes = async (
  { engine, owner }: Pick<VolumeDeps, 'engine' | 'owner'>,
  info: ContainerInfo,
  unnamed: readonly string[] = [],
): Promise<void> => {
  const wanted = new Set(unnamed.map(cleanTarget))
  for (const { target, name, isNamed } of volumesOf(info)) {
    if (isNamed && !wanted.has(target)) continue
    const options = placeVolumeOptions(refOf(info.Config.Labels), target)
    if ((await find(engine, options.Name)) !== null) continue
    await create(engine, options, { [label.owner]: owner, [standsForLabel]: name })
  }
}

/**
 * What `keepVolumes` has written down for a stack, with the volumes that nobody has named, if nobody
 * uses them. Another Keelson may have a stack of the same name on this engine, so what does not bear
 * our mark stays, also what was written down before there was one. Answers with what is gone.
 */
export const forgetKeptVolumes = async (
  { engine, owner }: Pick<VolumeDeps, 'engine' | 'owner'>,
  stack: string,
): Promise<string[]> => {
  const filter = [standsForLabel, `${label.project}=${stack}`, ownedBy(owner)]
  const query = { filters: { label: filter } }
  const gone: string[] = []
  const { Volumes } = await engine.call('list volumes', (docker) => docker.listVolumes(query))
  for (const { Name, Labels } of Volumes ?? []) {
    const kept = Labels[standsForLabel] ?? ''
    if (isUnnamedVolume(kept)) await removeUnused(engine, kept)
    await engine.find(`remove volume ${Name}`, (docker) => docker.getVolume(Name).remove())
    gone.push(`volume ${Name}`)
  }
  return gone
}

const removeUnused = async (engine: Engine, name: string): Promise<void> => {
  try {
    await engine.find(`remove volume ${name}`, (docker) => docker.getVolume(name).remove())
  } catch (error) {
    if (!answeredWith(error, 409)) throw error
  }
}

/** Volumes that nobody has named, kept for the place of an instance. */
export const createPlaceVolumes = ({ engine, owner, finder }: VolumeDeps) => {
  const keepFormer = async (
    { stack, service, index }: InstanceSpec,
    target: string,
  ): Promise<void> => {
    for (const id of await finder.listForeign(stack)) {
      const info = await finder.inspect(id)
      if (info === null) continue
      const ref = refOf(info.Config.Labels)
      if (ref.service !== service || ref.index !== index) continue
      await keepVolumes({ engine, owner }, info, [target])
    }
  }

  /** What comes from other containers has its targets already. */
  const sharedTargets = async (
    container: ContainerSpec,
    neighbours: Neighbours,
  ): Promise<string[]> => {
    const { VolumesFrom }: Docker.HostConfig = sharingOptions(container, neighbours)
    const others = await Promise.all(
      ((VolumesFrom ?? []) as string[]).map((from) => finder.inspect(from.split(':')[0] ?? '')),
    )
    return others.flatMap((info) => info?.Mounts.map(({ Destination }) => Destination) ?? [])
  }

  const nameOf = async (instance: InstanceSpec, target: string): Promise<string> => {
    const options = placeVolumeOptions(instance, target)
    let found = await find(engine, options.Name)
    if (found === null) {
      await keepFormer(instance, target)
      found = await find(engine, options.Name)
    }
    if (found === null) await create(engine, options, { [label.owner]: owner })
    const other = found?.Labels?.[standsForLabel]
    return other !== undefined && (await find(engine, other)) !== null ? other : options.Name
  }

  return {
    /** What is found there is mounted again, what is not is made. One-offs have volumes of their own. */
    async prepare(
      instance: InstanceSpec,
      container: ContainerSpec,
      { imageVolumes, neighbours }: { imageVolumes: readonly string[]; neighbours: Neighbours },
    ): Promise<PlaceVolumes> {
      const volumes = new Map<string, string>()
      if (instance.oneOff === true) return volumes
      const taken = imageVolumes.length === 0 ? [] : await sharedTargets(container, neighbours)
      for (const target of unnamedTargets(instance, container, { imageVolumes, taken })) {
        volumes.set(target, await nameOf(instance, target))
      }
      return volumes
    },
  }
}

/** Gone, or about to be: the end of a one-off and whoever asks for its removal may meet. */
export const removeContainer = async (
  engine: Engine,
  info: ContainerInfo,
  { force }: { force: boolean },
): Promise<void> => {
  const how = { v: volumesGoWith(info), force }
  try {
    await engine.find('remove a container', (docker) => docker.getContainer(info.Id).remove(how))
  } catch (error) {
    const isUnderWay = answeredWith(error, 409) && /already in progress/.test(messageOf(error))
    if (!isUnderWay) throw error
  }
}
