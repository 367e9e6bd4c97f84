import { type EntityKind, entityShapes } from './entities.ts'
import type { Findings } from './faults.ts'
import type { WrittenEntity } from './flatten.ts'
import type { EntityId } from './model.ts'
import { referenceOf } from './reference.ts'
import { suggestName } from './schema/shape.ts'

/** Entities by what others call them. */
export type EntityIndex = {
  find(kind: EntityKind, idOrName: string): WrittenEntity | undefined
  names(kind: EntityKind): readonly string[]
}

/** Indexes the entities of a file; reports those that share what only one may have. */
export const indexEntities = (
  entities: readonly WrittenEntity[],
  findings: Findings,
): EntityIndex => {
  const byId = new Map<string, WrittenEntity>()
  const byName = new Map<string, WrittenEntity>()
  const seen = new Map<string, WrittenEntity>()
  for (const entity of entities) {
    const { kind, id, value } = entity
    const { nameField, unique } = entityShapes[kind]
    const twin = byId.get(`${kind} ${id}`)
    if (twin === undefined) byId.set(`${kind} ${id}`, entity)
    else if (!entity.isRefused && !twin.isRefused) findings.add(sameId(entity, twin))
    const name = nameField === null ? undefined : value[nameField]
    const isName = typeof name === 'string' && nameField !== null && unique.includes(nameField)
    if (isName && !byName.has(`${kind} ${name}`)) byName.set(`${kind} ${name}`, entity)
    for (const field of unique) {
      if (twin !== undefined && field === nameField) continue
      const given = value[field]
      if (typeof given !== 'string') continue
      const other = seen.get(`${kind} ${field} ${given}`)
      if (other === undefined) seen.set(`${kind} ${field} ${given}`, entity)
      else if (other !== twin) findings.add(sameField(entity, other, field))
    }
  }
  return {
    find: (kind, key) => byName.get(`${kind} ${key}`) ?? byId.get(`${kind} ${key}`),
    names: (kind) =>
      [...byName.keys()]
        .filter((key) => key.startsWith(`${kind} `))
        .map((key) => key.slice(kind.length + 1)),
  }
}

const sameId = (entity: WrittenEntity, twin: WrittenEntity) => {
  const { path, label } = entity
  const hasId = entity.value['id'] !== undefined
  if (!hasId) return sameScope(entity, twin)
  return { path: [...path, 'id'], entity: label, message: `${twin.label} has the same id.` }
}

const sameField = (entity: WrittenEntity, twin: WrittenEntity, field: string) => {
  const path = [...entity.path, field]
  return { path, entity: entity.label, message: `${twin.label} has the same ${field}.` }
}

/** Puts the ids in place of what references say; reports those that lead nowhere. */
export const resolveReferences = (
  entity: WrittenEntity,
  index: EntityIndex,
  findings: Findings,
): void => {
  const { kind, value, path, label, parent } = entity
  for (const [field, target] of Object.entries(entityShapes[kind].foreign)) {
    if (parent?.as === field) {
      value[field] = parent.entity.id
      continue
    }
    const given = value[field]
    if (given === undefined || given === null) continue
    const named = referenceOf(given)
    const found = named === undefined ? undefined : index.find(target, named)
    // What is named says enough: that it is no text would be a second fault about the same.
    value[field] = found?.id ?? named ?? 'unknown'
    if (found === undefined)
      findings.add({ path: [...path, field], entity: label, ...noSuch(target, named, index) })
  }
  if (kind === 'services') resolveAuthorities(entity, index, findings)
}

const noSuch = (target: EntityKind, named: string | undefined, index: EntityIndex) => {
  const { singular } = entityShapes[target]
  if (named === undefined) return { message: `It does not name a ${singular}.` }
  const nearest = suggestName(named, index.names(target))
  const elsewhere =
    target === 'consumers'
      ? 'Write the consumer here too: those of other files are not seen.'
      : null
  const hint = nearest === undefined ? elsewhere : `Did you mean ${nearest}?`
  return {
    message: `There is no ${singular} ${named.slice(0, 100)} in this file.`,
    ...(hint === null ? {} : { hint }),
  }
}

const resolveAuthorities = (
  entity: WrittenEntity,
  index: EntityIndex,
  findings: Findings,
): void => {
  const authorities = entity.value['ca_certificates']
  if (!Array.isArray(authorities)) return
  for (const [at, id] of authorities.entries()) {
    if (typeof id !== 'string' || index.find('ca_certificates', id) !== undefined) continue
    const path = [...entity.path, 'ca_certificates', at]
    findings.add({ path, entity: entity.label, ...noSuch('ca_certificates', id, index) })
  }
}

/** Reports entities that only differ in how they say the same, like a plugin twice on one route. */
export const checkTwins = (entities: readonly WrittenEntity[], findings: Findings): void => {
  const seen = new Map<string, WrittenEntity>()
  for (const entity of entities) {
    const { kind, id, value, isRefused } = entity
    const { uniqueTogether } = entityShapes[kind]
    if (uniqueTogether.length === 0 || isRefused) continue
    const key = JSON.stringify([kind, ...uniqueTogether.map((field) => value[field] ?? null)])
    const twin = seen.get(key)
    if (twin === undefined) seen.set(key, entity)
    // Those of one id have been found by it.
    else if (twin.id !== id) findings.add(sameScope(entity, twin))
  }
}

const sameScope = ({ kind, path, label }: WrittenEntity, twin: WrittenEntity) => {
  const what = kind === 'plugins' ? 'the same scope' : 'the same name'
  return { path, entity: label, message: `${twin.label} has ${what}.` }
}

/** Services that tunings name: they are names, so that they hold from one file to the next. */
export const checkNamedServices = (
  entity: WrittenEntity,
  index: EntityIndex,
  findings: Findings,
): void => {
  const tuning = entity.value['x-keelson'] as
    | { failover?: string; mirror?: { service: string }; split?: { rules: { service: string }[] } }
    | undefined
  const named: { service: EntityId | undefined; path: (string | number)[] }[] = [
    { service: tuning?.failover, path: ['failover'] },
    { service: tuning?.mirror?.service, path: ['mirror', 'service'] },
    ...(tuning?.split?.rules ?? []).map(({ service }, at) => ({
      ...{ service, path: ['split', 'rules', at, 'service'] },
    })),
  ]
  for (const { service, path } of named) {
    if (service === undefined || index.find('services', service) !== undefined) continue
    const place = [...entity.path, 'x-keelson', ...path]
    findings.add({ path: place, entity: entity.label, ...noSuch('services', service, index) })
  }
}

/** Plugins are of HTTP unless they say so: on a route for connections they would never run. */
export const checkOnConnections = (
  { value, path, label }: WrittenEntity,
  index: EntityIndex,
  findings: Findings,
): void => {
  const route =
    typeof value['route'] === 'string' ? index.find('routes', value['route']) : undefined
  const wanted = route?.value['protocols']
  const own = value['protocols']
  if (!Array.isArray(wanted) || !Array.isArray(own)) return
  const isStream = wanted.some((one) => one === 'tcp' || one === 'tls' || one === 'tls_passthrough')
  if (!isStream || wanted.some((one) => own.includes(one))) return
  const message = `The plugin ${String(value['name'])} is not of a protocol of its route.`
  const hint = `Write protocols: [${wanted.join(', ')}], if it runs on them.`
  findings.add({ path, entity: label, message, hint })
}
