import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, type Clock } from '../../../../kernel/clock.ts'
import type { PluginDefinition } from '../../plugin.ts'
import { openOwnPlugins, type OwnPlugins } from '../index.ts'

export type OpenedFolder = AsyncDisposable &
  OwnPlugins & {
    definitions: readonly PluginDefinition[]
    folder: string
    /** Messages of what was logged, with their facts. */
    logged: readonly { message: string; facts: Record<string, unknown> }[]
  }

/** Plugins from their sources by name, loaded from a folder of their own. */
export const openPlugins = async (
  sources: Readonly<Record<string, string>>,
  clock: Clock = systemClock,
): Promise<OpenedFolder> => {
  const folder = await mkdtemp(join(tmpdir(), 'own-plugins-'))
  for (const [name, source] of Object.entries(sources)) {
    await mkdir(join(folder, name))
    await writeFile(join(folder, name, 'index.ts'), source)
  }
  const logged: { message: string; facts: Record<string, unknown> }[] = []
  const note = (facts: object, message: string): void => {
    logged.push({ message, facts: facts as Record<string, unknown> })
  }
  const log = { info: note, warn: note, error: note }
  const own = await openOwnPlugins({ folder, log, clock })
  return {
    ...own,
    ...{ folder, logged, definitions: [...own.table.values()] },
    [Symbol.asyncDispose]: async () => {
      await own.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** Source of a plugin without a configuration, from what `create` returns. */
export const pluginOf = (name: string, hooks: string, more = ''): string => `
import { definePlugin, Type, type OwnExchange } from '@keelson/server/gateway-plugin'

export default definePlugin({
  name: '${name}',
  priority: 900,
  summary: 'A test.',
  schema: Type.Object({}),
  ${more}
  create: (_config, host) => (${hooks}),
})
`
