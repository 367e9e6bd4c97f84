import type { Entity, GatewayConfig } from '../config/model.ts'
import { emptyGatewayConfig } from '../config/model.ts'
import { entityKinds, type EntityKind } from '../config/entities.ts'
import type { GatewayDocument } from '../snapshot.ts'

/**
 * All documents as one: a Kong file has no documents. What has the name of something of another
 * document is called `<stack>-<name>`, and told.
 */
export const mergeForExport = (
  documents: readonly GatewayDocument[],
): { config: GatewayConfig; leftOut: string[] } => {
  const leftOut: string[] = []
  const taken = new Set<string>()
  const merged: Record<string, unknown[]> = {}
  for (const { stack, config } of documents) {
    const rename = new Map<string, string>()
    for (const upstream of config.upstreams) {
      if (taken.has(`upstreams ${upstream.name}`)) {
        rename.set(upstream.name, `${stack ?? 'api'}-${upstream.name}`)
      }
    }
    for (const [kind, entities] of Object.entries(config)) {
      const list = (merged[kind] ??= [])
      for (const entity of entities as readonly Entity[]) {
        list.push(renamed(kind, entity, { stack, taken, rename, leftOut }))
      }
    }
  }
  return { config: { ...emptyGatewayConfig, ...merged }, leftOut }
}

type Renaming = {
  stack: string | null
  taken: Set<string>
  rename: ReadonlyMap<string, string>
  leftOut: string[]
}

const nameField: Partial<Record<EntityKind, string>> = {
  services: 'name',
  routes: 'name',
  upstreams: 'name',
  consumers: 'username',
}
const isKind = (kind: string): kind is EntityKind =>
  (entityKinds as readonly string[]).includes(kind)

const renamed = (kind: string, entity: Entity, { stack, taken, rename, leftOut }: Renaming) => {
  const field = isKind(kind) ? nameField[kind] : undefined
  const fields = entity as Entity & Record<string, unknown>
  const host = kind === 'services' ? rename.get(String(fields['host'])) : undefined
  const moved = host === undefined ? fields : { ...fields, host }
  const name = field === undefined ? undefined : fields[field]
  if (field === undefined || typeof name !== 'string') return moved
  if (!taken.has(`${kind} ${name}`)) {
    taken.add(`${kind} ${name}`)
    return moved
  }
  const other = `${stack ?? 'api'}-${name}`
  taken.add(`${kind} ${other}`)
  leftOut.push(`${kind.replace(/s$/, '')} ${name} is called ${other}: the name is taken`)
  return { ...moved, [field]: other }
}
