import type { ContainerSpec, ServiceSpec } from '@keelson/contract'
import type { InstanceSpec } from '../runtime.ts'

/** The network of services that name none. */
export const defaultNetwork = 'default'

export const networkNameOf = (instance: InstanceSpec, key: string): string =>
  instance.networkNames?.[key] ?? `${instance.stack}_${key}`

export const volumeNameOf = (instance: InstanceSpec, key: string): string =>
  instance.volumeNames?.[key] ?? `${instance.stack}_${key}`

/** The image a service runs; one that is built and has no name gets Docker Compose's. */
export const imageOf = (spec: ServiceSpec, stack: string): string =>
  withTag(spec.container?.image ?? `${stack}-${spec.name}`)

export const withTag = (image: string): string =>
  image.includes('@') || image.slice(image.lastIndexOf('/') + 1).includes(':')
    ? image
    : `${image}:latest`

export const containerNameOf = (instance: InstanceSpec, container: ContainerSpec): string =>
  container.containerName !== undefined && instance.spec.replicas <= 1 && instance.oneOff !== true
    ? container.containerName
    : instance.name
