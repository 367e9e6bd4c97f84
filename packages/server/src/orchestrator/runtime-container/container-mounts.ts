import { createHash } from 'node:crypto'
import type Docker from 'dockerode'
import type { ContainerSpec } from '@keelson/contract'
import type { InstanceSpec } from '../runtime.ts'
import { composeVersion, isForeign, label, type ContainerInfo } from './container-labels.ts'
import { cleanTarget, mountOptions, type MountOptions } from './mount-options.ts'
import { isOneOff } from './supervision.ts'

/** What a place mounts where nobody has named a volume: names of volumes by target. */
export type PlaceVolumes = ReadonlyMap<string, string>

type Place = { stack: string; service: string; index: number }

/** Marks a volume that nobody has named, with its target. */
const anonymousLabel = 'io.keelson.anonymous-volume'
/** Of such a volume: the one that is mounted in its stead, which belonged to an adopted container. */
export const standsForLabel = 'io.keelson.stands-for'
/** Of a container: folders that are volumes only to hold its configs and secrets. */
const fileFoldersLabel = 'io.keelson.file-folders'

/** Every incarnation is a new container: only by its name does the next one find the volume. */
export const placeVolumeOptions = (
  { stack, service, index }: Place,
  target: string,
): Docker.VolumeCreateOptions & { Name: string; Labels: Record<string, string> } => {
  const digest = createHash('sha256').update(cleanTarget(target)).digest('hex').slice(0, 12)
  const key = `${service}_${index}_${digest}`
  return {
    Name: `${stack}_${key}`,
    Labels: {
      [anonymousLabel]: target,
      [label.project]: stack,
      [label.volume]: key,
      [label.version]: composeVersion,
    },
  }
}

const isUnnamed = ({ kind, source }: ContainerSpec['mounts'][number]): boolean =>
  kind === 'volume' && source === undefined

/** Where a container gets a volume without a name: by its service, or by its image alone. */
export const unnamedTargets = (
  instance: InstanceSpec,
  container: ContainerSpec,
  { imageVolumes, taken }: { imageVolumes: readonly string[]; taken: readonly string[] },
): string[] => {
  const { Volumes, Binds } = mountOptions(instance, container)
  const filled = new Set(
    [
      ...container.mounts.map(({ target }) => target),
      ...Object.keys(Volumes),
      ...Binds.map((bind) => bind.split(':')[1] ?? ''),
      ...taken,
    ].map(cleanTarget),
  )
  return [
    ...container.mounts.filter(isUnnamed).map(({ target }) => target),
    ...imageVolumes.filter((target) => !filled.has(cleanTarget(target))),
  ]
}

/** Mounts of an instance as the engine takes them, the volumes of its place among them. */
export const placeMountOptions = (
  instance: InstanceSpec,
  container: ContainerSpec,
  volumes: PlaceVolumes,
): MountOptions => {
  const mounts = container.mounts.map((mount) => {
    const source = isUnnamed(mount) ? volumes.get(mount.target) : undefined
    return source === undefined ? mount : { ...mount, source }
  })
  const names = [...volumes.values()].map((name) => [name, name])
  const volumeNames = { ...instance.volumeNames, ...Object.fromEntries(names) }
  const options = mountOptions({ ...instance, volumeNames }, { ...container, mounts })
  for (const [target, name] of volumes) {
    if (container.mounts.some((mount) => mount.target === target)) continue
    options.Mounts.push({ Type: 'volume', Source: name, Target: target })
  }
  return options
}

/** Labels by which a container tells later which of its volumes go with it. */
export const fileFolderLabels = (
  instance: InstanceSpec,
  container: ContainerSpec,
): Record<string, string> => {
  const unnamed = unnamedMounts(container)
  const { Volumes } = mountOptions(instance, container)
  const folders = Object.keys(Volumes).filter((target) => !unnamed.includes(target))
  return folders.length === 0 ? {} : { [fileFoldersLabel]: folders.join('\n') }
}

/** Named by the engine. */
export const isUnnamedVolume = (name: string): boolean => /^[0-9a-f]{64}$/.test(name)

/** Volumes of a container; `isNamed`: by somebody, not by the engine. */
export const volumesOf = ({ Mounts }: ContainerInfo) =>
  Mounts.flatMap(({ Type, Name = '', Destination }) =>
    Type === 'volume'
      ? [{ target: cleanTarget(Destination), name: Name, isNamed: !isUnnamedVolume(Name) }]
      : [],
  )

/** Targets where a service wants a volume, whatever its name. */
export const unnamedMounts = ({ mounts }: ContainerSpec): string[] =>
  mounts.filter(isUnnamed).map(({ target }) => cleanTarget(target))

/**
 * The engine may remove the volumes it has named for this container: there is no data of anybody
 * in them, of a one-off, or of one that has them for its configs and secrets alone, which must not
 * stay behind. Never those of a container that Keelson has not made.
 */
export const volumesGoWith = (info: ContainerInfo): boolean => {
  if (isOneOff(info)) return true
  const folders = info.Config.Labels[fileFoldersLabel]?.split('\n')
  if (isForeign(info) || folders === undefined) return false
  const byName = [
    ...(info.HostConfig.Binds ?? []).map((bind) => bind.split(':')[0]),
    ...(info.HostConfig.Mounts ?? []).map(({ Source }) => Source),
  ]
  const own = volumesOf(info).filter(({ name, isNamed }) => !isNamed && !byName.includes(name))
  return own.every(({ target }) => folders.includes(target))
}
