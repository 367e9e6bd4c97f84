import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { audit } from '../audit.ts'
import type { Finding } from '../rules/rule.ts'
import { stacks } from '../testing/conformance.ts'
import type { Label } from './labels.ts'

/** Findings that may fail a build, in the stack they are of. */
export type Graded = Finding & { stack: string }

/** Audits each stack; what upstream has and the trimmed copy has not is known to be there. */
export const auditStacks = async (folder: string): Promise<Graded[]> => {
  const graded: Graded[] = []
  for (const stack of stacks) {
    const root = join(folder, stack)
    const { findings } = await audit({ root, alsoExisting: listUpstream(root) })
    for (const finding of findings) {
      if (finding.severity !== 'info') graded.push({ ...finding, stack })
    }
  }
  return graded
}

/** `a/b.ts` is a file, `a/  # 200 files` a folder of which nobody knows what it holds. */
const listUpstream = (root: string): string[] => {
  const file = join(root, '.tree.txt')
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return text
    .split('\n')
    .map((row) => row.replace(/\s+# \d+ files$/, '').trim())
    .filter((row) => row !== '')
}

export type Judged = { rule: string; isTrue: boolean }

export type Comparison = {
  judged: readonly Judged[]
  /** Findings that nobody has judged. */
  unlabelled: readonly Graded[]
  /** Labels of findings that are no more, or say something else now. */
  stale: readonly Label[]
}

export const compare = (findings: readonly Graded[], labels: readonly Label[]): Comparison => {
  const keyOf = ({ stack, fingerprint }: { stack: string; fingerprint: string }) =>
    `${stack} ${fingerprint}`
  const byKey = new Map(labels.map((label) => [keyOf(label), label]))
  const matched = findings.flatMap((finding) => {
    const label = byKey.get(keyOf(finding))
    return label?.says === finding.message && label.rule === finding.rule
      ? [{ finding, label }]
      : []
  })
  const seen = new Set(matched.map(({ label }) => label))
  const known = new Set(matched.map(({ finding }) => finding))
  return {
    judged: matched.map(({ label: { rule, isTrue } }) => ({ rule, isTrue })),
    unlabelled: findings.filter((finding) => !known.has(finding)),
    stale: labels.filter((label) => !seen.has(label)),
  }
}

export type PrecisionRow = { rule: string; findings: number; right: number }

/** One row for each rule that found something, by its name. */
export const precisionRows = (judged: readonly Judged[]): PrecisionRow[] =>
  [...Map.groupBy(judged, ({ rule }) => rule)]
    .map(([rule, list]) => ({
      ...{ rule, findings: list.length, right: list.filter(({ isTrue }) => isTrue).length },
    }))
    .toSorted((a, b) => (a.rule < b.rule ? -1 : 1))

export const precisionMin = 0.95
