import type { StackSpec, VolumeSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { canonicalJson } from '../plan/digest.ts'
import type { MissingResource } from '../runtime.ts'
import { composeVersion, label, ownedBy } from './container-labels.ts'
import type { Engine } from './engine.ts'
import { absent } from './network-resources.ts'

type VolumeInfo = { Driver: string; Options: Readonly<Record<string, string>> | null }

/** Volumes of stacks, with the names and labels Docker Compose gives them. */
export const createVolumeResources = ({ engine, owner }: { engine: Engine; owner: string }) => {
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
          ...spec.labels,
          [label.owner]: owner,
          [label.project]: stack.name,
          [label.volume]: key,
          [label.version]: composeVersion,
        },
      }
      await engine.call(`create volume ${spec.name}`, (docker) => docker.createVolume(options))
    },

    async removeAll(stack: string): Promise<void> {
      const query = { filters: { label: [ownedBy(owner), `${label.project}=${stack}`] } }
      const { Volumes } = await engine.call('list volumes', (docker) => docker.listVolumes(query))
      for (const { Name } of Volumes ?? []) {
        await engine.find(`remove volume ${Name}`, (docker) => docker.getVolume(Name).remove())
      }
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
