/** Rules by path of the specification: `services.*.ports` with `*` for any key or list entry. */
export type Patterns<Rule> = {
  rule?: Rule
  named: Map<string, Patterns<Rule>>
  any?: Patterns<Rule>
}

/** A table of paths as a tree, so that a walk over a document looks up one key at a time. */
export function createPatterns<Rule>(table: Readonly<Record<string, Rule>>): Patterns<Rule> {
  const root: Patterns<Rule> = { named: new Map() }
  for (const [pattern, rule] of Object.entries(table)) {
    let at = root
    for (const key of pattern.split('.')) {
      const next = at.named.get(key) ?? (key === '*' ? at.any : undefined) ?? { named: new Map() }
      if (key === '*') at.any = next
      else at.named.set(key, next)
      at = next
    }
    at.rule = rule
  }
  return root
}

/** The rules below `key`; undefined when there are none, which ends the walk. */
export function descend<Rule>(
  patterns: Patterns<Rule> | undefined,
  key: string,
): Patterns<Rule> | undefined {
  return patterns === undefined ? undefined : (patterns.named.get(key) ?? patterns.any)
}
