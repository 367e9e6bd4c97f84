import { type EntityKind, entityKinds } from './entities.ts'
import { entitiesOf, namingOf } from './listing.ts'
import type { GatewayConfig, PluginEntity } from './model.ts'

export type ConfigDescription = {
  /** How many there are of each kind; kinds without any are left out. */
  entities: Readonly<Partial<Record<EntityKind, number>>>
  plugins: readonly {
    name: string
    enabled: boolean
    /** What it is tied to: `service orders`; empty is everything. */
    scope: readonly string[]
  }[]
}

/** What is in a configuration. All of it works: what does not, the reader refuses. */
export const describeGatewayConfig = (config: GatewayConfig): ConfigDescription => {
  const counts = entityKinds.map((kind) => [kind, entitiesOf(config, kind).length] as const)
  const nameOf = namingOf(config)
  const names = new Map(
    (['services', 'routes', 'consumers'] as const).flatMap((kind) =>
      config[kind].map((entity) => [entity.id, nameOf(kind, entity)] as const),
    ),
  )
  return {
    entities: Object.fromEntries(counts.filter(([, count]) => count > 0)),
    plugins: config.plugins.map((plugin) => ({
      name: plugin.name,
      enabled: plugin.enabled,
      scope: scopeOf(plugin, names),
    })),
  }
}

const scopeOf = (plugin: PluginEntity, names: ReadonlyMap<string, string>): readonly string[] =>
  (['service', 'route', 'consumer'] as const).flatMap((scope) => {
    const id = plugin[scope]
    return id === null ? [] : [`${scope} ${names.get(id) ?? id}`]
  })
