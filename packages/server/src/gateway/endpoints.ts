import type { RegisteredInstance, Registry, ServiceDeclaration } from '../registry/index.ts'
import type { GatewayEndpoint, GatewaySnapshot } from './snapshot.ts'

/** Label of a service that says in which zone its instances are. */
export const zoneLabel = 'keelson.zone'

/** Services that a gateway may reach, in a stable order; Keelson's own parts are none. */
export const reachedServices = (registry: Registry): ServiceDeclaration[] =>
  registry
    .services()
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .filter(({ builtIn }) => !builtIn)

/** Instances with an address, by service; `isHealthy` is asked by their names. */
export const endpointsByService = (
  registry: Registry,
  isHealthy: (instance: string) => boolean,
): GatewaySnapshot['services'] =>
  Object.fromEntries(
    reachedServices(registry).map(({ id, spec }) => {
      const zone = spec.labels[zoneLabel]
      const endpoints = registry
        .instancesOf(id)
        .flatMap((instance) => endpointOf(instance, zone, isHealthy) ?? [])
      return [id, { id, endpoints }]
    }),
  )

const endpointOf = (
  instance: RegisteredInstance,
  zone: string | undefined,
  isHealthy: (instance: string) => boolean,
): GatewayEndpoint | undefined => {
  const [first] = instance.ports.filter(({ protocol }) => protocol === 'tcp')
  if (first === undefined || instance.phase === 'stopped') return undefined
  return {
    instance: instance.name,
    host: first.host,
    port: first.port,
    ports: Object.fromEntries(instance.ports.map(({ target, port }) => [target, port])),
    healthy: instance.phase === 'running' && isHealthy(instance.name),
    draining: instance.draining,
    ...(zone === undefined ? {} : { zone }),
  }
}
