import { entityShapes } from './entities.ts'
import type { Findings } from './faults.ts'
import type { WrittenEntity } from './flatten.ts'
import type { SecretReference } from './model.ts'
import { isRecord } from './schema/shape.ts'

const referencePattern = /^\{vault:\/\/([^/?#{}]+)\/([^?#{}]+)(?:\?([^#{}]*))?(?:#(\d+))?\}$/

export const isVaultReference = (value: unknown): value is string =>
  typeof value === 'string' && value.startsWith('{vault://') && value.endsWith('}')

/** Reads references of vaults from the environment, and remembers what stood for what. */
export type VaultReader = {
  /** Replaces the references in the entity's fields by what they refer to; false if it cannot. */
  resolve(entity: WrittenEntity): boolean
  readonly references: readonly SecretReference[]
  /** What vaults gave; no message may show it. */
  readonly values: ReadonlySet<string>
}

/**
 * `prefixes`: of the vaults by their name in references; `env` is always there, null is one that
 * is refused.
 */
export const createVaultReader = (
  prefixes: ReadonlyMap<string, string | null>,
  environment: Readonly<Record<string, string>>,
  findings: Findings,
): VaultReader => {
  const references: SecretReference[] = []
  const values = new Set<string>()
  let failures = 0
  const resolveValue = (
    value: unknown,
    entity: WrittenEntity,
    path: readonly (string | number)[],
  ): unknown => {
    if (Array.isArray(value)) {
      return value.map((item: unknown, at) => resolveValue(item, entity, [...path, at]))
    }
    if (isRecord(value)) {
      const entries = Object.entries(value)
      return Object.fromEntries(
        entries.map(([key, item]) => [key, resolveValue(item, entity, [...path, key])]),
      )
    }
    if (!isVaultReference(value)) return value
    const found = lookUp(value, prefixes, environment)
    if (found !== null && 'value' in found) {
      references.push({ entity: entity.id, path, reference: value })
      values.add(found.value)
      return found.value
    }
    failures += 1
    if (found !== null) {
      findings.add({ path: [...entity.path, ...path], entity: entity.label, ...found })
    }
    return value
  }
  return {
    references,
    values,
    resolve(entity) {
      const before = failures
      for (const field of entityShapes[entity.kind].referenceable) {
        const value = entity.value[field]
        if (holdsReference(value)) entity.value[field] = resolveValue(value, entity, [field])
      }
      return failures === before
    },
  }
}

const holdsReference = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return isVaultReference(value)
  return Object.values(value).some(holdsReference)
}

/** Of the environment, as Kong's vault `env` does it: upper case, `_` for `-` (kong/vaults/env). */
const lookUp = (
  reference: string,
  prefixes: ReadonlyMap<string, string | null>,
  environment: Readonly<Record<string, string>>,
): { value: string } | { message: string; hint?: string } | null => {
  const [, vault, resource, query, version] = referencePattern.exec(reference) ?? []
  if (vault === undefined || resource === undefined) {
    return {
      message: 'This reference to a vault cannot be read.',
      hint: 'It can be {vault://env/NAME}, or {vault://<prefix of a vault>/NAME}.',
    }
  }
  const ownPrefix = prefixes.get(vault)
  if (ownPrefix === undefined) {
    return {
      message: `There is no vault ${vault}.`,
      hint: `Known are ${[...prefixes.keys()].join(', ')}.`,
    }
  }
  if (ownPrefix === null) return null
  const [name = '', key] = resource.split('/')
  const prefix = new URLSearchParams(query).get('prefix') ?? ownPrefix
  const variable =
    `${prefix}${name}`.replaceAll('-', '_').toUpperCase() + (version === '2' ? '_PREVIOUS' : '')
  const value = Object.hasOwn(environment, variable) ? environment[variable] : undefined
  if (value === undefined) {
    return {
      message: `The environment variable ${variable} is not set.`,
      hint: `Set it in this shell, or in the .env beside the compose file: ${reference} is read from it each time.`,
    }
  }
  return key === undefined ? { value } : memberOf(value, key, variable)
}

/** `{vault://env/NAME/key}`: the variable holds JSON. */
const memberOf = (
  json: string,
  key: string,
  variable: string,
): { value: string } | { message: string } => {
  try {
    const parsed: unknown = JSON.parse(json)
    const member = isRecord(parsed) && Object.hasOwn(parsed, key) ? parsed[key] : undefined
    if (typeof member === 'string') return { value: member }
  } catch {
    // Says the same as JSON without the key.
  }
  return { message: `The environment variable ${variable} is no JSON with a text ${key}.` }
}
