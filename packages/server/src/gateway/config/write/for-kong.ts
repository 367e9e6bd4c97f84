import { namingOf } from '../listing.ts'
import type { EntityId, GatewayConfig, RouteProtocol } from '../model.ts'
import { kongPlugins } from '../refusals.ts'

/** What Kong's open-source gateway can read of a configuration, and what it cannot. */
export const selectForKong = (
  config: GatewayConfig,
): { config: GatewayConfig; leftOut: readonly string[] } => {
  const leftOut: string[] = []
  const nameOf = namingOf(config)
  const referred = new Set((config.references ?? []).map(({ entity }) => entity))
  const routes = config.routes.filter((route) => {
    const isWebSocket = !route.protocols.every(isKongProtocol)
    if (isWebSocket) leftOut.push(`route ${route.name ?? route.id}: protocols ws and wss`)
    return !isWebSocket
  })
  const ids = new Set(routes.map(({ id }) => id))
  const selected: GatewayConfig = {
    ...config,
    routes: withoutTunings('route', routes, leftOut),
    services: withoutTunings('service', config.services, leftOut),
    upstreams: withoutTunings('upstream', config.upstreams, leftOut),
    targets: withoutTunings('target', config.targets, leftOut),
    credentials: config.credentials.filter((credential) => {
      const reason = reasonAgainst(credential, referred)
      if (reason !== null)
        leftOut.push(`${credential.kind} of ${nameOf(credential.kind, credential)}: ${reason}`)
      return reason === null
    }),
    plugins: config.plugins
      .filter(({ name, id, route }) => {
        const isKongs = kongPlugins.has(name) && (route === null || ids.has(route))
        if (!isKongs) leftOut.push(`plugin ${name} (${id})`)
        return isKongs
      })
      .map((plugin) => ({ ...plugin, protocols: plugin.protocols.filter(isKongProtocol) })),
  }
  return { config: selected, leftOut }
}

const isKongProtocol = (protocol: RouteProtocol): boolean => protocol !== 'ws' && protocol !== 'wss'

type Tuned = { id: EntityId; name?: string | null; target?: string; 'x-keelson': object }

const withoutTunings = <T extends Tuned>(
  singular: string,
  entities: readonly T[],
  leftOut: string[],
): T[] =>
  entities.map((entity) => {
    const names = Object.keys(entity['x-keelson'])
    if (names.length === 0) return entity
    const name = entity.name ?? entity.target ?? entity.id
    leftOut.push(`${singular} ${name}: x-keelson (${names.join(', ')})`)
    return { ...entity, 'x-keelson': {} }
  })

const reasonAgainst = (
  credential: GatewayConfig['credentials'][number],
  referred: ReadonlySet<EntityId>,
): string | null => {
  if (referred.has(credential.id)) return 'Kong reads no vault for credentials'
  const isOurs =
    credential.kind === 'basicauth_credentials' && !credential.password.startsWith('sha1:')
  return isOurs ? 'its password is hashed otherwise than Kong does' : null
}
