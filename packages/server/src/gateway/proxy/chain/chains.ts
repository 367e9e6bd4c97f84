import type { PluginEntity, Route, Service } from '../../config/model.ts'
import type { GatewayDocument } from '../../snapshot.ts'
import type { Clock } from '../../../kernel/clock.ts'
import { Chain, slotsOf, type Slots } from './chain.ts'
import { indexConsumers, withShared } from './consumers.ts'
import type { ConsumerIndex } from '../../plugins/plugin.ts'
import { StreamChain } from '../../streams/stream-chain.ts'
import type { Bound, Instances, ProxyLog } from './instances.ts'
import type { Work } from '../../slices.ts'

export type ChainDeps = {
  instances: Instances
  /** Consumers that belong to all documents: those of the API. */
  sharedConsumers: () => ConsumerIndex | null
  nowMs: () => number
  clock: Clock
  log: ProxyLog
}

export type Chains = {
  /** Null when no plugin can apply to the route. */
  of(route: Route, service: Service | null): Chain | null
  /** Of a route for connections that are no HTTP; null when no plugin can apply to it. */
  ofConnections(route: Route, service: Service | null): StreamChain | null
  /** Of requests that no route takes: plugins for everything see their answers. */
  readonly unrouted: Chain | null
  /** Nobody begins with these chains any more. */
  release(): void
}

/** One plugin's configurations by what they are tied to. */
type Scoped = { name: string; priority: number; byScope: Map<string, Bound>; forConsumers: boolean }

/**
 * Works out which configured plugins apply to a route. Of one plugin the most specific
 * configuration runs: of route, service and consumer; of the pairs; of one; of all
 * (kong/runloop/plugins_iterator.lua).
 */
export function* createChains(
  document: GatewayDocument,
  { instances, sharedConsumers }: ChainDeps,
): Work<Chains> {
  const enabled = document.config.plugins.filter((entity) => isHttp(entity) || isStream(entity))
  const consumers = withShared(yield* indexConsumers(document.config), sharedConsumers)
  const bounds: Bound[] = []
  const scopes = new Map<string, Scoped>()
  const streamScopes = new Map<string, Scoped>()
  const protocols = new Map<Bound, PluginEntity['protocols']>()
  const withPlugins = new Set<string>()
  const consumersWithPlugins = new Set<string>()
  for (const entity of enabled) {
    yield
    const bound = instances.take(entity, document.stack)
    bounds.push(bound)
    if (isStream(entity) && seesConnections(bound)) {
      note(streamScopes, entity, bound)
      protocols.set(bound, entity.protocols)
    }
    if (!isHttp(entity) || seesNothing(bound)) continue
    const known = note(scopes, entity, bound)
    if (entity.consumer !== null) {
      known.forConsumers = true
      consumersWithPlugins.add(entity.consumer)
    }
    if (entity.route !== null) withPlugins.add(entity.route)
    if (entity.service !== null) withPlugins.add(entity.service)
  }
  const ordered = byPriority(scopes)

  let running = 0
  let released = false
  const onRunning = (change: 1 | -1): void => {
    running += change
    if (released && running === 0) giveAll()
  }
  const giveAll = (): void => {
    instances.giveAll(bounds.splice(0))
  }

  const chainOf = (route: string | null, service: string | null): Chain | null => {
    const possible = ordered.filter(
      (scoped) => scoped.forConsumers || lookUp(scoped, route, service, null) !== null,
    )
    if (possible.length === 0) return null
    const resolve = (consumer: string | null): Slots =>
      slotsOf(possible.map((scoped) => lookUp(scoped, route, service, consumer)))
    return new Chain({
      consumers,
      base: resolve(null),
      resolve: possible.some(({ forConsumers }) => forConsumers)
        ? (consumer) => (consumersWithPlugins.has(consumer) ? resolve(consumer) : null)
        : null,
      onRunning,
    })
  }

  /** Routes that no plugin is tied to share the chain of their service, or of everything. */
  const shared = new Map<string, Chain | null>()
  const sharedChain = (route: string | null, service: string | null): Chain | null => {
    const key = `${route}|${service}`
    const known = shared.get(key)
    if (known !== undefined) return known
    const chain = chainOf(route, service)
    shared.set(key, chain)
    return chain
  }

  return {
    of: (route, service) =>
      ordered.length === 0
        ? null
        : sharedChain(
            withPlugins.has(route.id) ? route.id : null,
            service !== null && withPlugins.has(service.id) ? service.id : null,
          ),
    ofConnections(route, service) {
      const found = byPriority(streamScopes).flatMap((scoped) => {
        const bound = lookUp(scoped, route.id, service?.id ?? null, null)
        if (bound === null) return []
        const isMeant = route.protocols.some((one) => protocols.get(bound)?.includes(one))
        return isMeant ? [bound] : []
      })
      return found.length === 0 ? null : new StreamChain(found, onRunning)
    },
    unrouted: chainOf(null, null),
    release(): void {
      released = true
      if (running === 0) giveAll()
    },
  }
}

const isHttp = ({ enabled, protocols }: PluginEntity): boolean =>
  enabled && protocols.some((protocol) => /^(?:https?|grpcs?|wss?)$/.test(protocol))

const isStream = ({ enabled, protocols }: PluginEntity): boolean =>
  enabled && protocols.some((protocol) => /^(?:tcp|tls)/.test(protocol))

const seesConnections = ({ instance }: Bound): boolean =>
  instance.connect !== undefined || instance.disconnected !== undefined

const note = (scopes: Map<string, Scoped>, entity: PluginEntity, bound: Bound): Scoped => {
  const { name, priority } = bound
  const known = scopes.get(name) ?? { name, priority, byScope: new Map(), forConsumers: false }
  known.byScope.set(scopeOf(entity.route, entity.service, entity.consumer), bound)
  scopes.set(name, known)
  return known
}

const byPriority = (scopes: ReadonlyMap<string, Scoped>): Scoped[] =>
  [...scopes.values()].sort((a, b) => b.priority - a.priority)

/** One that only says something to others, as acme: routes are as fast with it as without. */
const seesNothing = ({ instance }: Bound): boolean =>
  hooks.every((hook) => instance[hook] === undefined)
const hooks = ['access', 'received', 'response', 'log'] as const

const scopeOf = (route: string | null, service: string | null, consumer: string | null): string =>
  `${route ?? ''}|${service ?? ''}|${consumer ?? ''}`

const lookUp = (
  { byScope }: Scoped,
  route: string | null,
  service: string | null,
  consumer: string | null,
): Bound | null => {
  const orders: readonly (readonly [boolean, string | null, string | null, string | null])[] = [
    [route !== null && service !== null && consumer !== null, route, service, consumer],
    [route !== null && consumer !== null, route, null, consumer],
    [service !== null && consumer !== null, null, service, consumer],
    [route !== null && service !== null, route, service, null],
    [consumer !== null, null, null, consumer],
    [route !== null, route, null, null],
    [service !== null, null, service, null],
    [true, null, null, null],
  ]
  for (const [applies, ...scope] of orders) {
    const bound = applies ? byScope.get(scopeOf(...scope)) : undefined
    if (bound !== undefined) return bound
  }
  return null
}
