import assert from 'node:assert/strict'
import type Docker from 'dockerode'
import type { ContainerSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import type { InstanceSpec, RuntimeLog } from '../runtime.ts'
import { originOf, refuseUnsupported } from './api-support.ts'
import { copyFiles } from './container-files.ts'
import type { Finder } from './container-finder.ts'
import { label, refOf, type ContainerInfo } from './container-labels.ts'
import { createPlaceVolumes, removeContainer } from './container-mounts-place.ts'
import { containerNameOf, imageOf } from './container-names.ts'
import { containerOptions } from './container-options.ts'
import { answeredWith, type Engine } from './engine.ts'
import { createHostGateway } from './host-gateway.ts'
import { neededNeighbours, type Neighbours } from './host-options.ts'
import { attachmentsOf } from './network-options.ts'
import type { Reach } from './port-options.ts'

type StarterDeps = {
  engine: Engine
  owner: string
  log: RuntimeLog
  finder: Finder
  reach: () => Promise<Reach>
  /** An incarnation whose end was told, or whose start failed for the caller: it may be removed. */
  isGivenUp: (incarnation: string) => boolean
}

/** Makes containers ready and starts them. */
export const createStarter = ({ engine, owner, log, finder, reach, isGivenUp }: StarterDeps) => {
  const volumes = createPlaceVolumes({ engine, owner, finder })
  const gatewayOf = createHostGateway({ engine, log })

  const remove = async (id: string): Promise<void> => {
    const info = await finder.inspect(id)
    if (info !== null) await removeContainer(engine, info, { force: true })
  }

  const create = async (
    instance: InstanceSpec,
    container: ContainerSpec,
    hookLabels: Readonly<Record<string, string>> | null = null,
  ): Promise<string> => {
    const { spec } = instance
    await refuseUnsupported(engine, { services: [spec] })
    const [at, neighbours, image, hostGateway] = await Promise.all([
      reach(),
      resolveNeighbours(instance, container),
      findImage(instance),
      gatewayOf(instance, container),
    ])
    const options = containerOptions(instance, container, {
      ...{ owner, reach: at, neighbours, imageId: image.id, hostGateway },
      volumes: await volumes.prepare(instance, container, {
        imageVolumes: image.volumes,
        neighbours,
      }),
    })
    if (hookLabels !== null) options.Labels = hookContainerLabels(options.Labels, hookLabels)
    await clearName(instance, containerNameOf(instance, container))
    const created = await engine.call(`create a container of service ${spec.name}`, (docker) =>
      docker.createContainer(options),
    )
    return created.id
  }

  const findImage = async ({ spec, stack }: InstanceSpec) => {
    const image = imageOf(spec, stack)
    const found = await engine.find('inspect an image', (docker) =>
      docker.getImage(image).inspect(),
    )
    if (found !== null) return { id: found.Id, volumes: volumesOf(found) }
    const message = `The image of service ${spec.name} is not there: ${image}`
    throw new AppError('image_unavailable', { message })
  }

  /** Ids of the containers that this one shares something with. */
  const resolveNeighbours = async (
    instance: InstanceSpec,
    container: ContainerSpec,
  ): Promise<Neighbours> => {
    const neighbours: Record<string, string> = {}
    for (const [name, what] of neededNeighbours(container)) {
      const id = await finder.firstOf(instance, name)
      if (id === null) {
        const message = `Service ${instance.service} takes part in ${name} (${what}), which has no running container`
        const hint = `Start ${name} first, or let ${instance.service} depend on it.`
        throw new AppError('engine_failed', { message }, { hint })
      }
      neighbours[name] = id
    }
    return neighbours
  }

  /** An ended container of ours gives its name up; anything else keeps it. */
  const clearName = async (instance: InstanceSpec, name: string): Promise<void> => {
    const holder = await finder.inspect(name)
    if (holder === null || holder.Name !== `/${name}`) return
    const ours = holder.Config.Labels[label.owner] === owner
    const { incarnation } = refOf(holder.Config.Labels)
    if (ours && (!holder.State.Running || isGivenUp(incarnation))) {
      await remove(holder.Id)
      return
    }
    const whose = ours ? 'a running one of another start' : 'one that Keelson has not made'
    const message = `A container named ${name} is there already, ${whose}: service ${instance.service} cannot start`
    const origin = originOf(instance.spec, 'container_name')
    const hint = ours
      ? `Look what it is (docker inspect ${name}), and end it: docker stop ${name}`
      : `Give it another name: docker rename ${name} ${name}-old`
    const error = { message, hint, ...(origin === undefined ? {} : { origin }) }
    throw new AppError('engine_failed', { message }, { hint, errors: [error] })
  }

  /** Networks beyond the first: API 1.43 and older take only one at creation. */
  const join = async (instance: InstanceSpec, container: ContainerSpec, info: ContainerInfo) => {
    const joined = Object.keys(info.NetworkSettings.Networks)
    for (const { name, endpoint } of attachmentsOf(instance, container)) {
      if (joined.includes(name)) continue
      const connect = { Container: info.Id, EndpointConfig: endpoint }
      await engine.call(`join network ${name}`, (docker) =>
        docker.getNetwork(name).connect(connect),
      )
    }
  }

  const run = async (instance: InstanceSpec, info: ContainerInfo): Promise<void> => {
    const { container } = instance.spec
    assert(container !== null)
    await join(instance, container, info)
    await copyFiles(engine, info.Id, instance, container)
    await engine.call(`start a container of service ${instance.spec.name}`, (docker) =>
      docker.getContainer(info.Id).start(),
    )
  }

  return {
    remove,
    create,
    join,

    /** The container of an incarnation, made if it is not there, started if it never was. */
    async start(instance: InstanceSpec): Promise<ContainerInfo> {
      const { spec } = instance
      assert(spec.container !== null, `service ${spec.name} is no container`)
      let info = await finder.byRef(instance)
      info ??= await finder.inspect(await create(instance, spec.container))
      assert(info !== null)
      if (info.State.Status !== 'created') return info
      try {
        await run(instance, info)
      } catch (error) {
        const isRefusal = !(error instanceof AppError && error.code === 'engine_unavailable')
        if (isRefusal) await remove(info.Id).catch(() => undefined)
        throw portFault(error, instance) ?? error
      }
      return (await finder.inspect(info.Id)) ?? info
    },
  }
}

/** An image that declares nothing may have no configuration at all. */
const volumesOf = ({ Config }: Partial<Docker.ImageInspectInfo>): string[] =>
  Object.keys(Config?.Volumes ?? {})

/** Without an incarnation it is no instance, for whoever looks for those. */
const hookContainerLabels = (
  labels: Readonly<Record<string, string>> = {},
  hookLabels: Readonly<Record<string, string>>,
): Record<string, string> => {
  const { [label.incarnation]: _, ...rest } = labels
  return { ...rest, ...hookLabels }
}

/** A port that was free when it was planned may be taken by the time it is bound. */
const portFault = (error: unknown, { spec }: InstanceSpec): AppError | null => {
  if (!answeredWith(error, 500) || !(error instanceof AppError)) return null
  if (!/address already in use|port is already allocated/.test(error.message)) return null
  const port = /(?:[\d.]+|\[?[\da-f:]+\]?):(\d+)/.exec(error.message)?.[1]
  const which = port === undefined ? 'A port' : `Port ${port}`
  const message = `${which} of service ${spec.name} is in use: ${error.message}`
  return new AppError('port_taken', { message }, { cause: error })
}
