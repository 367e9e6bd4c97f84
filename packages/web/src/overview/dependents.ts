import type { ServiceSummary } from '@keelson/contract'

/** For each service, the ones that need it directly. */
export const dependentsOf = (services: readonly ServiceSummary[]): Map<string, string[]> => {
  const dependents = new Map<string, string[]>()
  for (const { id, dependsOn } of services) {
    for (const needed of dependsOn) {
      const known = dependents.get(needed)
      if (known === undefined) dependents.set(needed, [id])
      else known.push(id)
    }
  }
  return dependents
}

/** Every service that needs `id`, directly or through others, nearest first. */
export const affectedBy = (dependents: Map<string, string[]>, id: string): string[] => {
  const seen = new Set([id])
  for (const each of seen) {
    for (const dependent of dependents.get(each) ?? []) seen.add(dependent)
  }
  seen.delete(id)
  return [...seen]
}
