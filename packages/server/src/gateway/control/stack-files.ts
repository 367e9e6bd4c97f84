import { kindName } from '@keelson/contract/gateway-kinds'
import type { Change, GatewayFileSpec, ProblemDetail, StackSpec } from '@keelson/contract'
import { createHash } from 'node:crypto'
import { AppError } from '../../kernel/errors.ts'
import type { Log } from '../../kernel/log.ts'
import { diffGatewayConfigs, type ConfigChange } from '../config/diff.ts'
import { emptyGatewayConfig } from '../config/model.ts'
import { checkPluginConfig } from '../config/plugin-config.ts'
import type { PluginTable } from '../plugins/index.ts'
import type { GatewayDocument } from '../snapshot.ts'
import { countsOf, summaryOf } from './describe.ts'
import type { ReadFile, ReadResult } from './reading.ts'

/** A Kong file of a stack as it is applied. */
export type StackFile = {
  stack: string
  file: GatewayFileSpec
  revision: number
  appliedAt: Date
}

/** Where the Kong files of stacks are kept: in the revisions of the stacks. */
export type StackFileSource = {
  gatewayFiles(): StackFile[]
  onStacks(listener: () => void): void
}

type StackFilesDeps = {
  source: StackFileSource
  readFile: ReadFile
  /** For what was accepted before and is refused now: a broken plugin shall not take routes away. */
  readLenient: ReadFile
  plugins: PluginTable
  log: Pick<Log, 'error'>
}

/** One action of a plan: what the Kong file changes. */
export type GatewayStep = { subject: string; cause: string; changes: Change[]; secretly: string }
export type GatewayCheck = (stack: StackSpec, former: StackSpec | undefined) => GatewayStep | null

const changesMax = 100

/** The Kong files beside compose files: documents of the gateway, and what a new one would change. */
export const createStackFiles = (deps: StackFilesDeps) => {
  const { source, readFile, readLenient, plugins, log } = deps
  /** By stack: reading 10,000 routes again for every look would be felt. */
  const known = new Map<string, { digest: string; result: ReadResult }>()

  const read = (stack: string, file: GatewayFileSpec): ReadResult => {
    const digest = digestOf(file)
    const before = known.get(stack)
    if (before?.digest === digest) return before.result
    const strict = readFile(file)
    const result = strict.faults.length === 0 ? strict : readLenient(file)
    known.set(stack, { digest, result })
    return result
  }

  const usable = ({ stack, file }: StackFile): GatewayDocument[] => {
    const { config, faults } = read(stack, file)
    const [first] = faults
    if (first === undefined) return [{ manager: `file:${stack}`, stack, style: 'kong', config }]
    // It was accepted when it was applied: by an older Keelson, then.
    log.error({ stack, file: file.file, reason: first.message }, 'Kong file is not used')
    return []
  }

  return {
    documents(): GatewayDocument[] {
      const files = source.gatewayFiles()
      const stacks = new Set(files.map(({ stack }) => stack))
      for (const stack of known.keys()) if (!stacks.has(stack)) known.delete(stack)
      return files.flatMap(usable)
    },

    /** With what it counts, for lists. */
    files: () =>
      source.gatewayFiles().map((one) => ({
        ...one,
        counts: countsOf(read(one.stack, one.file).config),
      })),

    /** What a stack's file changes; null when nothing. Throws AppError('gateway_config_invalid'). */
    step(stack: StackSpec, former: StackSpec | undefined): GatewayStep | null {
      refusePlugins(stack, plugins)
      const file = stack.gateway ?? former?.gateway
      if (file === undefined) return null
      const after = stack.gateway === undefined ? undefined : readFile(stack.gateway)
      after?.refuseFaults()
      const before = former?.gateway === undefined ? undefined : read(stack.name, former.gateway)
      const changes = diffGatewayConfigs(
        before?.config ?? emptyGatewayConfig,
        after?.config ?? emptyGatewayConfig,
      )
      if (changes.length === 0) return null
      return {
        subject: file.file,
        cause: summaryOf(changes),
        changes: changes.slice(0, changesMax).flatMap(shownChanges),
        secretly: stack.gateway === undefined ? '' : digestOf(stack.gateway),
      }
    },
  }
}

export type StackFiles = ReturnType<typeof createStackFiles>

/** Plugins of routes in the compose file. Throws AppError('gateway_config_invalid') with all mistakes. */
const refusePlugins = ({ services }: StackSpec, plugins: PluginTable): void => {
  const errors = services.flatMap((spec) =>
    spec.routes.flatMap(({ plugins: used = [] }) =>
      used.flatMap(({ name, config }) =>
        faultsOf(name, config, plugins).map((message): ProblemDetail => {
          const [origin] = spec.origins['x-keelson.route'] ?? spec.origins[''] ?? []
          return {
            message: `${spec.name}: plugin ${name}: ${message}`,
            ...(origin === undefined ? {} : { origin }),
          }
        }),
      ),
    ),
  )
  const [first] = errors
  if (first === undefined) return
  throw new AppError('gateway_config_invalid', { message: first.message }, { errors })
}

const faultsOf = (
  name: string,
  config: Record<string, unknown>,
  plugins: PluginTable,
): string[] => {
  const definition = plugins.get(name)
  if (definition === undefined) return ['there is no such plugin']
  return checkPluginConfig(definition, config).faults.map(({ path, message }) =>
    path.length === 0 ? message : `${['config', ...path].join('.')}: ${message}`,
  )
}

const digestOf = ({ text, environment }: GatewayFileSpec): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(environment).toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .update(text)
    .digest('hex')

const shownLengthMax = 200

/** One for each field of what is updated; secrets are masked by the diff. */
const shownChanges = ({ change, kind, name, fields }: ConfigChange): Change[] => {
  const path = `${kindName(kind)} ${name}`
  if (change === 'created') return [{ kind: 'added', path, before: null, after: 'new' }]
  if (change === 'deleted') return [{ kind: 'removed', path, before: name, after: null }]
  return fields.map(({ field, before, after }) => ({
    ...{ kind: 'changed', path: `${path}: ${field}`, before: shown(before), after: shown(after) },
  }))
}

const shown = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > shownLengthMax ? `${text.slice(0, shownLengthMax - 1)}…` : text
}
