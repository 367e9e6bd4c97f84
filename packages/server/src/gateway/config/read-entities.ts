import type { PluginDefinition } from '../plugins/plugin.ts'
import type { PluginTable } from '../plugins/index.ts'
import { checkEntity } from './checks.ts'
import { isExpired } from './certificates.ts'
import { type EntityKind, entityShapes } from './entities.ts'
import type { Finding, Findings } from './faults.ts'
import { flattenEntities, type WrittenEntity } from './flatten.ts'
import type { FileHeader } from './header.ts'
import type { SecretReference } from './model.ts'
import { protectPassword } from './passwords.ts'
import { checkPluginConfig } from './plugin-config.ts'
import { refusePlugin } from './refusals.ts'
import {
  checkNamedServices,
  checkOnConnections,
  checkTwins,
  indexEntities,
  resolveReferences,
} from './resolve.ts'
import { isRecord, type ShapeFault, shapeValue, suggestName } from './schema/shape.ts'
import { isSecretName, masked, replaceSecrets } from './secrets.ts'
import { expandShorthands } from './shorthands.ts'
import { createVaultReader } from './vault.ts'

export type ReadEntities = {
  entities: readonly WrittenEntity[]
  references: readonly SecretReference[]
  notes: readonly { entity: string; message: string }[]
  secrets: ReadonlySet<string>
}

type Options = { environment: Readonly<Record<string, string>>; plugins: PluginTable }

/** All entities, checked one by one and against each other; ids stand where names stood. */
export const readEntities = (
  root: Readonly<Record<string, unknown>>,
  header: FileHeader,
  options: Options,
  findings: Findings,
): ReadEntities => {
  const entities = flattenEntities(root, header, findings)
  const notes: { entity: string; message: string }[] = []
  const vaults = createVaultReader(vaultPrefixes(entities), options.environment, findings)
  const index = indexEntities(entities, findings)
  for (const entity of entities) {
    if (entity.isRefused) continue
    resolveReferences(entity, index, findings)
    if (!vaults.resolve(entity)) continue
    if (entity.kind === 'plugins') shareConfig(entity, header, findings)
    refuseMasks(entity, findings)
    const isShaped = shapeEntity(entity, findings)
    if (isShaped && entity.kind === 'services') checkNamedServices(entity, index, findings)
    if (entity.kind === 'plugins') {
      readPlugin(entity, options.plugins, findings)
      checkOnConnections(entity, index, findings)
    }
    if (entity.kind === 'basicauth_credentials') {
      protectPassword(entity, header.transform, vaults, findings)
    }
    if (entity.kind === 'ca_certificates' && isExpired(String(entity.value['cert']), new Date())) {
      notes.push({ entity: entity.label, message: 'This certificate has expired.' })
    }
  }
  checkTwins(entities, findings)
  return { entities, references: vaults.references, notes, secrets: vaults.values }
}

const vaultPrefixes = (entities: readonly WrittenEntity[]): ReadonlyMap<string, string | null> => {
  const prefixes = new Map<string, string | null>([['env', '']])
  for (const { kind, value, isRefused } of entities) {
    const { prefix, config } = value
    if (kind !== 'vaults' || typeof prefix !== 'string') continue
    const own = isRecord(config) ? config['prefix'] : ''
    prefixes.set(prefix, isRefused ? null : typeof own === 'string' ? own : '')
  }
  return prefixes
}

/** An export that hides its secrets would make every one of them the same three characters. */
const refuseMasks = ({ kind, value, path, label }: WrittenEntity, findings: Findings): void => {
  const refuse = (within: Finding['path']): void =>
    findings.add({
      ...{ path: [...path, ...within], entity: label, message: 'This is the mask of a secret.' },
      hint: 'Write the secret, a {vault://env/NAME}, or export with --secrets.',
    })
  for (const field of entityShapes[kind].secrets) if (value[field] === masked) refuse([field])
  if (kind !== 'plugins') return
  replaceSecrets(value['config'], (secret, within) => {
    if (secret.includes(masked)) refuse(['config', ...within])
    return secret
  })
}

/** Says whether the fields have the right types. */
const shapeEntity = (entity: WrittenEntity, findings: Findings): boolean => {
  const { kind, path, label } = entity
  const before = findings.list.length
  const add = (within: Finding['path'], message: string, hint?: string, atKey?: boolean) =>
    findings.add({
      ...{ path: [...path, ...within], entity: label, message },
      ...(hint === undefined ? {} : { hint }),
      ...(atKey === undefined ? {} : { atKey }),
    })
  expandShorthands(kind, entity.value, add)
  let isShaped = true
  const shaped = shapeValue(entityShapes[kind].schema, entity.value, (fault) => {
    isShaped = false
    const { path: within, message, hint, atKey } = withoutSecret(kind, fault)
    add(within, message, hint, atKey)
  })
  entity.value = shaped as Record<string, unknown>
  if (isShaped && findings.list.length === before) checkEntity(kind, entity.value, add)
  return isShaped
}

/** What is said about a secret does not repeat it. */
const withoutSecret = (kind: EntityKind, fault: ShapeFault): ShapeFault => {
  const { secrets } = entityShapes[kind]
  const isSecret = fault.path.some(
    (step) => typeof step === 'string' && (secrets.includes(step) || isSecretName(step)),
  )
  if (!isSecret || fault.atKey === true) return fault
  const message = `${String(fault.path.at(-1))} does not have the right form.`
  return { path: fault.path, message, hint: 'If it is a text, write it in quotes.' }
}

const readPlugin = (entity: WrittenEntity, plugins: PluginTable, findings: Findings): void => {
  const { value, path, label } = entity
  const name = String(value['name'])
  const definition = plugins.get(name)
  if (definition === undefined) {
    if (typeof value['name'] === 'string') refuseUnknown(entity, name, plugins, findings)
    return
  }
  const { config, faults } = checkPluginConfig(definition, value['config'])
  for (const fault of faults) {
    const shown = withoutSecret('plugins', fault)
    findings.add({ ...shown, path: [...path, 'config', ...fault.path], entity: label })
  }
  value['config'] = config
  checkScope(entity, definition, findings)
}

const refuseUnknown = (
  { path, label }: WrittenEntity,
  name: string,
  plugins: PluginTable,
  findings: Findings,
): void => {
  const refusal = refusePlugin(name, plugins)
  const nearest = suggestName(name, [...plugins.keys()])
  const unknown = {
    message: `There is no plugin ${name.slice(0, 100)}.`,
    hint:
      nearest === undefined
        ? `Known are ${[...plugins.keys()].join(', ')}.`
        : `Did you mean ${nearest}?`,
  }
  findings.add({ path: [...path, 'name'], entity: label, ...(refusal ?? unknown) })
}

/** decK's `_config`: the name of a configuration that plugins share; their own fields count. */
const shareConfig = (
  { value, path, label }: WrittenEntity,
  { pluginConfigs }: FileHeader,
  findings: Findings,
): void => {
  const { config, _config: name } = value as { config?: unknown; _config?: unknown }
  delete value['_config']
  if (name === undefined) return
  if (typeof name === 'string' && Object.hasOwn(pluginConfigs, name)) {
    value['config'] = { ...pluginConfigs[name], ...(isRecord(config) ? config : {}) }
    return
  }
  const message = '_config names nothing in _plugin_configs.'
  findings.add({ path: [...path, '_config'], entity: label, message })
}

const checkScope = (
  { value, path, label }: WrittenEntity,
  definition: PluginDefinition,
  findings: Findings,
): void => {
  for (const scope of ['service', 'route', 'consumer'] as const) {
    if (value[scope] === null || definition.scopes.includes(scope)) continue
    const message = `The plugin ${definition.name} cannot be tied to a ${scope}.`
    findings.add({ path, entity: label, message })
  }
  const protocols = value['protocols'] as readonly string[]
  if (
    !Array.isArray(protocols) ||
    protocols.some((one) => definition.protocols.some((own) => own === one))
  ) {
    return
  }
  const message = `The plugin ${definition.name} runs on none of these protocols.`
  const hint = `It runs on ${definition.protocols.join(', ')}.`
  findings.add({ path: [...path, 'protocols'], entity: label, message, hint })
}
