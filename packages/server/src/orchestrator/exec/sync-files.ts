import { stat } from 'node:fs/promises'
import type { ContainerSpec, FileSpec } from '@keelson/contract'
import type { FileChanges } from '../runtime.ts'
import { isWithin } from './sync-sources.ts'
import type { InstanceWish } from '../keeper/wish.ts'

/** As much of a file as a container can be given before its start. */
const fileLimitBytes = 1024 * 1024
const filesMax = 10_000
const bytesMax = 64 * 1024 * 1024

type Synced = { digest: string; files: Map<string, FileSpec & { bytes: number }> }

/**
 * What was copied into the containers of a service. A restart makes a new container, of an image
 * that has none of it: there it is copied again before the command starts, or `sync+restart` would
 * restart what was there before. Another definition, or an image built anew, begins without.
 * In memory: after a restart of Keelson, `keelson watch` is started again as well.
 */
export const createSyncedFiles = () => {
  const services = new Map<string, Synced>()

  const keep = async ({ files }: Synced, source: string, target: string): Promise<void> => {
    const found = await stat(source).catch(() => null)
    files.delete(target)
    if (found?.isFile() !== true || found.size > fileLimitBytes) return
    const mode = found.mode & 0o777
    const file = { kind: 'config', source: target, target, path: source, mode } as const
    files.set(target, { ...file, bytes: found.size })
  }

  const shrink = ({ files }: Synced): void => {
    let bytes = [...files.values()].reduce((sum, file) => sum + file.bytes, 0)
    for (const [target, file] of files) {
      if (files.size <= filesMax && bytes <= bytesMax) return
      files.delete(target)
      bytes -= file.bytes
    }
  }

  return {
    /** Instances of `wish` have these files now. */
    async note(
      serviceId: string,
      wish: InstanceWish | undefined,
      { copies, removals }: FileChanges,
    ): Promise<void> {
      if (wish?.spec.runtime !== 'container') return
      const before = services.get(serviceId)
      const synced =
        before?.digest === wish.digest ? before : { digest: wish.digest, files: new Map() }
      services.set(serviceId, synced)
      for (const removal of removals)
        for (const target of synced.files.keys())
          if (isWithin(removal, target)) synced.files.delete(target)
      for (const { source, target } of copies) await keep(synced, source, target)
      shrink(synced)
    },

    /** What a new container of it is to be made from. */
    into(serviceId: string, wish: InstanceWish): InstanceWish {
      const { container } = wish.spec
      const synced = services.get(serviceId)
      if (synced === undefined || container === null || synced.digest !== wish.digest) return wish
      const own = new Set(wish.spec.files.map(({ target }) => target))
      const files = [...synced.files.values()]
        .filter(({ target }) => !own.has(target) && !isMounted(container, target))
        .map(({ bytes: _bytes, ...file }) => file)
      return { ...wish, spec: { ...wish.spec, files: [...wish.spec.files, ...files] } }
    },

    forget: (serviceId: string): void => void services.delete(serviceId),
  }
}

/** What lies in a volume or on the host outlives the container. */
const isMounted = ({ mounts, readOnly }: ContainerSpec, target: string): boolean =>
  readOnly || mounts.some((mount) => isWithin(mount.target, target))
