import type { Log } from '../kernel/log.ts'
import type { Registry, ServiceDeclaration } from '../registry/index.ts'
import { composeDocument, type ComposeRoute } from './config/compose-document.ts'
import { checkPluginConfig } from './config/plugin-config.ts'
import type { PluginTable } from './plugins/index.ts'
import type { GatewayDocument } from './snapshot.ts'

/** Documents that come from elsewhere than the registry: Kong files, and what the API manages. */
export type DocumentSource = {
  documents(): readonly GatewayDocument[]
}

type DocumentsDeps = {
  registry: Registry
  sources: readonly DocumentSource[]
  plugins: PluginTable
  log: Pick<Log, 'error'>
}

export type Documents = ReturnType<typeof createDocuments>

/**
 * Everything that is configured, by who manages it. A document that does not change stays the same
 * object: what is compiled of it, and shown of it, is kept by that.
 */
export const createDocuments = ({ registry, sources, plugins, log }: DocumentsDeps) => {
  const listeners = new Set<() => void>()
  /** By stack: what was declared, and the document that was made of it. */
  const known = new Map<string, { text: string; document: GatewayDocument }>()

  const composeDocuments = (): GatewayDocument[] => {
    const declared = registry.services().filter(({ builtIn }) => !builtIn)
    const stacks = Map.groupBy(declared, ({ stack }) => stack)
    for (const stack of known.keys()) if (!stacks.has(stack)) known.delete(stack)
    return [...stacks]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([stack, services]) => ofStack(stack, services))
  }

  const ofStack = (stack: string, services: readonly ServiceDeclaration[]): GatewayDocument[] => {
    const ways = services
      .filter(({ spec }) => spec.routes.length > 0)
      .map(({ spec: { name, routes } }) => ({ name, routes }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    if (ways.length === 0) return []
    const text = JSON.stringify(ways)
    const before = known.get(stack)
    if (before?.text === text) return [before.document]
    const whole = ways.map(({ name, routes }) => ({
      name,
      routes: routes.map((route) => withDefaults(route, `${stack}/${name}`)),
    }))
    const document = composeDocument(stack, whole)
    known.set(stack, { text, document })
    return [document]
  }

  /** Plugins were checked when the stack was applied: what is refused now is of an older Keelson. */
  const withDefaults = (route: ComposeRoute, service: string): ComposeRoute => ({
    ...route,
    plugins: (route.plugins ?? []).flatMap(({ name, config }) => {
      const definition = plugins.get(name)
      const checked = definition === undefined ? undefined : checkPluginConfig(definition, config)
      if (checked !== undefined && checked.faults.length === 0) {
        return [{ name, config: checked.config }]
      }
      const reason = checked?.faults[0]?.message ?? 'there is no such plugin'
      log.error({ service, plugin: name, reason }, 'plugin of a route is left out')
      return []
    }),
  })

  return {
    all: (): readonly GatewayDocument[] => [
      ...composeDocuments(),
      ...sources.flatMap((source) => source.documents()),
    ],
    onChange: (listener: () => void): void => void listeners.add(listener),
    /** A source has other documents by now. */
    changed(): void {
      for (const listener of listeners) listener()
    },
  }
}
