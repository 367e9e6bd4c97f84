import { posix, resolve } from 'node:path'
import type Docker from 'dockerode'
import type { ContainerSpec, FileSpec, MountSpec, ServiceSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import type { InstanceSpec } from '../runtime.ts'
import { volumeNameOf } from './container-names.ts'

export type MountOptions = {
  Binds: string[]
  Mounts: Docker.MountSettings[]
  Tmpfs: Record<string, string>
  /** Anonymous volumes. */
  Volumes: Record<string, object>
}

/**
 * Mounts as the engine takes them. The short form where it says everything, for it makes a missing
 * source of a bind; the long one for what only that can say.
 */
export const mountOptions = (instance: InstanceSpec, container: ContainerSpec): MountOptions => {
  const options: MountOptions = { Binds: [], Mounts: [], Tmpfs: {}, Volumes: {} }
  for (const mount of container.mounts) {
    const target = cleanTarget(mount.target)
    if (mount.kind === 'tmpfs') options.Tmpfs[target] = tmpfsText(mount)
    else if (mount.kind === 'volume' && mount.source === undefined) {
      options.Volumes[target] = {}
    } else if (needsLongForm(mount)) {
      // The client's types lag behind the engine.
      options.Mounts.push(longMount(instance, mount) as Docker.MountSettings)
    } else options.Binds.push(shortMount(instance, mount))
  }
  for (const folder of fileVolumes(instance.spec, container)) options.Volumes[folder] = {}
  for (const { path, target } of boundFiles(instance.spec, container)) {
    options.Binds.push(`${path}:${target}:ro`)
  }
  return options
}

/**
 * As the engine compares targets. It does not clean those of a tmpfs itself: beside one at `/db/`
 * it would make a volume for the `VOLUME /db` of an image, with every container anew.
 */
export const cleanTarget = (path: string): string => {
  const clean = posix.join('/', path)
  return clean === '/' ? clean : clean.replace(/\/$/, '')
}

const needsLongForm = (mount: MountSpec): boolean =>
  !['bind', 'volume'].includes(mount.kind) ||
  mount.subpath !== undefined ||
  mount.recursive !== undefined ||
  (mount.kind === 'bind' && mount.createHostPath === false)

const sourceOf = (instance: InstanceSpec, { kind, source = '' }: MountSpec): string =>
  kind === 'bind' ? resolve(instance.stackDir, source) : volumeNameOf(instance, source)

const shortMount = (instance: InstanceSpec, mount: MountSpec): string => {
  const options = [
    mount.readOnly ? 'ro' : '',
    mount.selinux ?? '',
    mount.propagation ?? '',
    mount.noCopy === true ? 'nocopy' : '',
    mount.kind === 'bind' ? (mount.consistency ?? '') : '',
  ].filter((option) => option !== '')
  const suffix = options.length === 0 ? '' : `:${options.join(',')}`
  return `${sourceOf(instance, mount)}:${mount.target}${suffix}`
}

const longMount = (instance: InstanceSpec, mount: MountSpec): object => {
  const { kind, target, readOnly, subpath, noCopy, consistency } = mount
  const common = {
    Type: kind,
    Target: target,
    ReadOnly: readOnly,
    ...(consistency === undefined ? {} : { Consistency: consistency }),
  }
  switch (kind) {
    case 'bind':
      return { ...common, Source: sourceOf(instance, mount), BindOptions: bindOptions(mount) }
    case 'volume': {
      const options = {
        NoCopy: noCopy ?? false,
        ...(subpath === undefined ? {} : { Subpath: subpath }),
      }
      return { ...common, Source: sourceOf(instance, mount), VolumeOptions: options }
    }
    case 'image': {
      const options = subpath === undefined ? {} : { ImageOptions: { Subpath: subpath } }
      return { ...common, Source: mount.source ?? '', ...options }
    }
    case 'tmpfs':
    case 'npipe':
    case 'cluster':
      return { ...common, Source: mount.source ?? '' }
  }
}

const bindOptions = ({ propagation, recursive }: MountSpec): object => ({
  ...(propagation === undefined ? {} : { Propagation: propagation }),
  ...(recursive === 'disabled' ? { NonRecursive: true } : {}),
  ...(recursive === 'writable' ? { ReadOnlyNonRecursive: true } : {}),
  ...(recursive === 'readonly' ? { ReadOnlyForceRecursive: true } : {}),
})

const tmpfsText = ({ readOnly, sizeBytes, mode }: MountSpec): string =>
  [
    readOnly ? 'ro' : '',
    sizeBytes === undefined ? '' : `size=${sizeBytes}`,
    mode === undefined ? '' : `mode=${mode.toString(8)}`,
  ]
    .filter((option) => option !== '')
    .join(',')

/**
 * How a config or a secret comes into a container. It is copied into the created container. Where
 * a copy would be refused (a read-only root) or hidden (below a tmpfs), its folder becomes an
 * anonymous volume first. Below a bind or a volume a copy would end up on the host or outlive the
 * container: there a file of the host is mounted, and content has no way in.
 */
const wayOf = (container: ContainerSpec, { target, path }: FileSpec): FileWay => {
  const above = container.mounts
    .filter((mount) => isBelow(target, mount.target))
    .toSorted((a, b) => b.target.length - a.target.length)[0]
  if (above !== undefined && above.kind !== 'tmpfs') {
    return path === undefined ? { refused: `it lies in the mount ${above.target}` } : 'bind'
  }
  if (above === undefined && !container.readOnly) return 'copy'
  const folder = posix.dirname(target)
  if (folder === '/') return path === undefined ? { refused: 'the root is read-only' } : 'bind'
  return 'volume'
}

type FileWay = 'copy' | 'volume' | 'bind' | { refused: string }

const isBelow = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)

const fileVolumes = (spec: ServiceSpec, container: ContainerSpec): string[] =>
  spec.files
    .filter((file) => wayOf(container, file) === 'volume')
    .map(({ target }) => posix.dirname(target))

const boundFiles = (
  spec: ServiceSpec,
  container: ContainerSpec,
): { path: string; target: string }[] =>
  spec.files.flatMap((file) =>
    wayOf(container, file) === 'bind' && file.path !== undefined
      ? [{ path: file.path, target: file.target }]
      : [],
  )

/** The files that are copied. Throws AppError('stack_invalid') for one without a way in. */
export const copiedFiles = (
  spec: ServiceSpec,
  container: ContainerSpec,
): { file: FileSpec; way: 'copy' | 'volume' }[] =>
  spec.files.flatMap((file) => {
    const way = wayOf(container, file)
    if (way === 'bind') return []
    if (typeof way === 'string') return [{ file, way }]
    const message = `The ${file.kind} ${file.source} of service ${spec.name} cannot be put at ${file.target}: ${way.refused}`
    const hint = 'Choose another target, or give it as file: instead of content.'
    throw new AppError('stack_invalid', { message }, { hint })
  })
