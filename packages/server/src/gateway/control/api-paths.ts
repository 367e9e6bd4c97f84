import { lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, sep } from 'node:path'
import { AppError } from '../../kernel/errors.ts'
import { errnoOf } from '../../kernel/postgres/durable-file.ts'
import type { GatewayConfig } from '../config/model.ts'
import type { PluginTable } from '../plugins/index.ts'
import type { PluginFault } from '../plugins/plugin.ts'

/** Folders of this machine that plugins of the API's document may use; the first is Keelson's own. */
export type ApiFolders = { logs: readonly string[]; files: readonly string[] }

type PathField = {
  field: string
  folders: keyof ApiFolders
  variable: string
  /** Paths that do as well. */
  beside?: readonly string[]
}

const inFiles = (field: string): PathField => ({
  ...{ field, folders: 'files', variable: 'KEELSON_GATEWAY_FILE_FOLDERS' },
})

/** Every field of the house's plugins that is a path of this machine. */
const pathFields: Readonly<Record<string, PathField>> = {
  'file-log': {
    ...{ field: 'path', folders: 'logs', variable: 'KEELSON_GATEWAY_LOG_FOLDERS' },
    beside: ['/dev/stdout', '/dev/stderr'],
  },
  'static-files': inFiles('root'),
  'http-cache': inFiles('disk_folder'),
  'request-validation': inFiles('openapi_file'),
  mock: inFiles('openapi_file'),
}

export type ApiPaths = ReturnType<typeof createApiPaths>

/**
 * Which paths the document that the API manages may name. Its author holds `gateway:write`, which is no
 * trust with the machine: a line in the right file is a program that runs, and a folder that is served
 * may be the one with the token. Files of stacks come from those who choose programs anyway.
 */
export const createApiPaths = (folders: ApiFolders) => {
  const faultsOf = (name: string, config: Readonly<Record<string, unknown>>): PluginFault[] => {
    const known = Object.hasOwn(pathFields, name) ? pathFields[name] : undefined
    const path = known === undefined ? undefined : config[known.field]
    if (known === undefined || typeof path !== 'string') return []
    const { field, variable, beside = [] } = known
    const allowed = folders[known.folders]
    if (beside.includes(path) || allowed.some((folder) => isInside(path, folder))) return []
    const message =
      `${field} is ${path}: by the API it may ${mayBe(beside)}lie in ${allowed.join(' or ')}; ` +
      `${variable} allows more folders, and the Kong file of a stack any path`
    return [{ path: [field], message }]
  }

  const faultsIn = (config: GatewayConfig): string[] =>
    config.plugins.flatMap((plugin) =>
      faultsOf(plugin.name, plugin.config).map(({ message }) => `${plugin.name}: ${message}`),
    )

  return {
    faultsIn,

    /** Of a document that was accepted once, as an earlier revision. Throws gateway_config_invalid. */
    refuse(config: GatewayConfig): void {
      const faults = faultsIn(config)
      const [message] = faults
      if (message === undefined) return
      const errors = faults.map((fault) => ({ message: fault }))
      throw new AppError('gateway_config_invalid', { message }, { errors })
    },

    /** Plugins that refuse other paths, before they look at what is there. */
    guard: (plugins: PluginTable): PluginTable =>
      new Map(
        [...plugins].map(([name, definition]) => [
          name,
          {
            ...definition,
            check: (config) => {
              const faults = faultsOf(name, config)
              return faults.length > 0 ? faults : (definition.check?.(config) ?? [])
            },
          },
        ]),
      ),
  }
}

const mayBe = (paths: readonly string[]): string =>
  paths.length === 0 ? '' : `be ${paths.join(', ')} or `

/** By the real paths: neither a link nor `..` leads out. */
const isInside = (path: string, folder: string): boolean => {
  if (!isAbsolute(path)) return false
  const [real, top] = [realOf(path), realOf(folder)]
  if (real === null || top === null) return false
  return real === top || real.startsWith(top.endsWith(sep) ? top : top + sep)
}

/** As far as it is there, with what is not there yet; null: it cannot be looked at. */
const realOf = (path: string): string | null => {
  try {
    return realpathSync.native(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') return null
    // A link that leads nowhere yet may lead anywhere later.
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return null
    const parent = realOf(dirname(path))
    return parent === null ? null : join(parent, basename(path))
  }
}
