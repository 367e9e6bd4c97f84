import type { StackSpec, VolumeSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { canonicalJson } from '../../kernel/digest.ts'
import type { MissingResource, RemovedResources, RuntimeLog } from '../runtime.ts'
import { composeVersion, label, withoutOurs } from './container-labels.ts'
import type { Engine } from './engine.ts'
import { absent } from './network-resources.ts'
import { createRemoval, isOfStack } from './resource-removal.ts'

type VolumeDeps = { engine: Engine; owner: string; log: RuntimeLog }
type VolumeInfo = { Driver: string; Options: Readonly<Record<string, string>> | null }

/** Volumes of stacks, with the names and labels Docker Compose gives them. */
export const createVolumeResources = ({ engine, owner, log }: VolumeDeps) => {
  const find = (name: string): Promise<VolumeInfo | null> =>
    engine.find('inspect a volume', (docker) => docker.getVolume(name).inspect())

  return {
    async missing(stack: StackSpec): Promise<MissingResource[]> {
      const missing: MissingResource[] = []
      for (const [key, spec] of Object.entries(stack.volumes)) {
        if (!isUsed(stack, key)) continue
        const found = await find(spec.name)
        if (found !== null) {
          if (!spec.external) refuseOther(stack, spec, found)
        } else if (spec.external) throw absent(stack, 'volume', spec.name)
        else missing.push({ kind: 'create_volume', subject: key })
      }
      return missing
    },

    async create(stack: StackSpec, key: string): Promise<void> {
      const spec = stack.volumes[key]
      if (spec === undefined || spec.external) return
      const options = {
        Name: spec.name,
        ...(spec.driver === undefined ? {} : { Driver: spec.driver }),
        ...(spec.driverOpts === undefined ? {} : { DriverOpts: spec.driverOpts }),
        Labels: {
          ...withoutOurs(spec.labels),
          [label.owner]: owner,
          [label.project]: stack.name,
          [label.volume]: key,
          [label.version]: composeVersion,
        },
      }
      await engine.call(`create volume ${spec.name}`, (docker) => docker.createVolume(options))
    },

    /** `made`: names of those that go as well when Docker Compose has made them. */
    async removeAll(stack: string, made: readonly string[] = []): Promise<RemovedResources> {
      const query = { filters: { label: [`${label.project}=${stack}`] } }
      const { Volumes } = await engine.call('list volumes', (docker) => docker.listVolumes(query))
      const { removeEach } = createRemoval({ engine, owner, log, kind: 'volume' })
      const mine = (Volumes ?? []).filter(({ Name, Labels }) =>
        isOfStack(Name, Labels, { owner, made }),
      )
      return removeEach(
        mine.map(({ Name }) => ({ id: Name, name: Name })),
        (docker, name) => docker.getVolume(name).remove(),
      )
    },
  }
}

const isUsed = (stack: StackSpec, key: string): boolean =>
  stack.services.some(
    ({ container }) =>
      container?.mounts.some((mount) => mount.kind === 'volume' && mount.source === key) ?? false,
  )

/** Making a volume anew would lose what it holds: that is for people to decide. */
const refuseOther = (stack: StackSpec, spec: VolumeSpec, found: VolumeInfo): void => {
  const same =
    (spec.driver ?? 'local') === found.Driver &&
    canonicalJson(spec.driverOpts ?? {}) === canonicalJson(found.Options ?? {})
  if (same) return
  const message = `The volume ${spec.name} of stack ${stack.name} is there with another driver or other driver_opts; making it anew would lose what it holds`
  const hint = `Give it another name: in the file, or remove it: docker volume rm ${spec.name}`
  throw new AppError('stack_invalid', { message }, { hint })
}
