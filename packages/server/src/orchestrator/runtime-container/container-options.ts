import type Docker from 'dockerode'
import type { ContainerSpec } from '@keelson/contract'
import type { InstanceSpec } from '../runtime.ts'
import { labelsOf } from './container-labels.ts'
import { fileFolderLabels, placeMountOptions, type PlaceVolumes } from './container-mounts.ts'
import { containerNameOf, imageOf } from './container-names.ts'
import {
  limitOptions,
  linksOf,
  nameOptions,
  privilegeOptions,
  sharingOptions,
  type Neighbours,
} from './host-options.ts'
import { attachmentsOf, macAddressOf } from './network-options.ts'
import { exposedPorts, portBindings, type Reach } from './port-options.ts'

export type ContainerOptionsContext = {
  owner: string
  imageId: string | null
  reach: Reach
  /** Ids of the containers that `service:x` stands for. */
  neighbours: Neighbours
  /** Volumes that nobody has named, which the place of the instance keeps. */
  volumes: PlaceVolumes
  /** Address of this host, where the engine has none. */
  hostGateway?: string | undefined
}

/** Docker's own default is unbounded; Keelson keeps the log, this one is only its source. */
const defaultLogging = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } }

/** Everything the engine is told about an instance. Its own supervision is switched off: ours. */
export const containerOptions = (
  instance: InstanceSpec,
  container: ContainerSpec,
  context: ContainerOptionsContext,
): Docker.ContainerCreateOptions => {
  const { spec } = instance
  const { Volumes, ...mounts } = placeMountOptions(instance, container, context.volumes)
  const [first] = attachmentsOf(instance, container)
  const mac = macAddressOf(container)
  const ownNetwork = container.networkMode === undefined || container.networkMode === 'bridge'
  return {
    name: containerNameOf(instance, container),
    Image: imageOf(spec, instance.stack),
    Labels: { ...labelsOf(instance, context), ...fileFolderLabels(instance, container) },
    Env: Object.entries(instance.environment).map(([name, value]) => `${name}=${value}`),
    ...(spec.entrypoint === null ? {} : { Entrypoint: spec.entrypoint }),
    ...(spec.command === null ? {} : { Cmd: spec.command }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ...(spec.workingDir === undefined ? {} : { WorkingDir: spec.workingDir }),
    ...(container.hostname === undefined ? {} : { Hostname: container.hostname }),
    ...(container.domainname === undefined ? {} : { Domainname: container.domainname }),
    ...(container.platform === undefined ? {} : { platform: container.platform }),
    ...(mac === undefined ? {} : { MacAddress: mac }),
    Tty: container.tty,
    OpenStdin: container.stdinOpen,
    // The end of what the attached one types is the end of the input, as in a shell.
    StdinOnce: instance.oneOff === true,
    StopSignal: spec.stopSignal,
    // Probes run here, in one place for processes and containers: also the image's own.
    Healthcheck: { Test: ['NONE'] },
    Volumes,
    ...(ownNetwork
      ? { ExposedPorts: Object.fromEntries(exposedPorts(spec).map((port) => [port, {}])) }
      : {}),
    HostConfig: {
      RestartPolicy: { Name: 'no' },
      LogConfig: loggingOf(container),
      ...mounts,
      PortBindings: ownNetwork ? portBindings(instance, context.reach) : {},
      ...privilegeOptions(container),
      ...limitOptions(spec, container),
      ...nameOptions(instance, container, context.hostGateway),
      ...(first === undefined ? {} : { NetworkMode: first.name }),
      ...sharingOptions(container, context.neighbours),
    },
    ...(first === undefined
      ? {}
      : {
          NetworkingConfig: {
            EndpointsConfig: { [first.name]: withLinks(first.endpoint, container, context) },
          },
        }),
  }
}

const withLinks = (
  endpoint: Docker.EndpointSettings,
  container: ContainerSpec,
  { neighbours }: ContainerOptionsContext,
): Docker.EndpointSettings => {
  const links = [...(endpoint.Links ?? []), ...linksOf(container, neighbours)]
  return links.length === 0 ? endpoint : { ...endpoint, Links: links }
}

const loggingOf = ({ logging }: ContainerSpec): Docker.HostConfig['LogConfig'] => {
  if (logging === undefined) return defaultLogging
  // Options without a driver are those of the engine's default one.
  return { Type: logging.driver ?? '', Config: logging.options }
}
