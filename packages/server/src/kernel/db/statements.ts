/**
 * Names for prepared statements. Planning once per connection saves about a tenth of a small
 * query (21k against 19k a second on two cores), but every name costs memory in every server
 * process, and SQL made at run time would name without end. So: a text is named when it comes the
 * second time, up to `namedMax`; later ones run unnamed, which is merely slower.
 */
export type StatementNames = { nameOf(sql: string): string | undefined }

const namedMax = 256
const seenMax = 1_024

export const createStatementNames = (): StatementNames => {
  const named = new Map<string, string>()
  const seenOnce = new Set<string>()
  return {
    nameOf(sql) {
      const known = named.get(sql)
      if (known !== undefined || named.size >= namedMax) return known
      if (!seenOnce.delete(sql)) {
        if (seenOnce.size >= seenMax) seenOnce.clear()
        seenOnce.add(sql)
        return undefined
      }
      const name = `k${named.size}`
      named.set(sql, name)
      return name
    },
  }
}
