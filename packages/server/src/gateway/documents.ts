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

/** Answers instead of whatever could not be made. */
const closed = { name: 'request-termination', config: { status_code: 500, echo: false } }

type DocumentsDeps = {
  registry: Registry
  sources: readonly DocumentSource[]
  plugins: PluginTable
  /** Those that take what `plugins` refuses by now. */
  keptPlugins?: PluginTable
  log: Pick<Log, 'error'>
}

export type Documents = ReturnType<typeof createDocuments>

/**
 * Everything that is configured, by who manages it. A document that does not change stays the same
 * object: what is compiled of it, and shown of it, is kept by that.
 */
export const createDocuments = (deps: DocumentsDeps) => {
  const { registry, sources, plugins, keptPlugins, log } = deps
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

  /**
   * Plugins were checked when the stack was applied: what is refused now is of an older Keelson, or of
   * a folder that is gone. It may have been there to keep somebody out: nobody comes in.
   */
  const withDefaults = (route: ComposeRoute, service: string): ComposeRoute => {
    const used = (route.plugins ?? []).map(({ name, config }) => {
      const definitions = [plugins.get(name), keptPlugins?.get(name)].filter(
        (one) => one !== undefined,
      )
      const checks = definitions.map((definition) => checkPluginConfig(definition, config))
      const taken = checks.find(({ faults }) => faults.length === 0)
      if (taken !== undefined) return { name, config: taken.config }
      const reason = checks[0]?.faults[0]?.message ?? 'there is no such plugin'
      log.error({ service, plugin: name, reason }, 'plugin does not run; its route is closed')
      return null
    })
    return {
      ...route,
      plugins: used.includes(null) ? [closed] : used.filter((one) => one !== null),
    }
  }

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
