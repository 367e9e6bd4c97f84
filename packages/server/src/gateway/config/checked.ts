import type { EntityKind } from './entities.ts'
import { type Finding, faultsMax } from './faults.ts'
import type { WrittenEntity } from './flatten.ts'

/** What was found in a file that has faults. */
export type Checked = {
  /** By kind; those without a fault of their own are well. */
  kinds: Readonly<Partial<Record<EntityKind, { well: number; all: number }>>>
  /** Entities, and fields of the file, that are refused: nothing else of them was looked at. */
  unseen: readonly string[]
}

/** Null beyond `faultsMax`: what is not told there may be anywhere. */
export const checkedOf = (
  entities: readonly WrittenEntity[],
  findings: readonly Finding[],
  mask: (text: string) => string,
): Checked | null => {
  if (findings.length >= faultsMax) return null
  const faulty = new Set(findings.map(({ entity }) => entity))
  const kinds: Partial<Record<EntityKind, { well: number; all: number }>> = {}
  for (const { kind, label } of entities) {
    const count = (kinds[kind] ??= { well: 0, all: 0 })
    count.all += 1
    if (!faulty.has(label)) count.well += 1
  }
  const fields = findings.flatMap(({ entity, path: [field] }) =>
    entity === '' && typeof field === 'string' ? [field] : [],
  )
  const refused = entities.filter(({ isRefused }) => isRefused).map(({ label }) => label)
  return { kinds, unseen: [...new Set([...refused, ...fields])].map(mask) }
}
