import type { Audit } from '../audit.ts'
import { rules } from '../rules/index.ts'
import type { Finding } from '../rules/rule.ts'
import { maskLines, type FileChange } from './changes.ts'
import { createSources, makeDraft } from './draft.ts'
import { lineChanges, splitLines, type LineChange } from './line-diff.ts'

/** Of one report: beyond, findings are told without the lines that would mend them. */
const changeCountMax = 1000

/**
 * For each finding that takes no decision the lines that would mend it, each by itself: a proposal
 * for whoever looks at the finding. Not proved; see planFixes.
 */
export const readChanges = async (
  { options: { root }, tree }: Audit,
  findings: readonly Finding[],
): Promise<(finding: Finding) => readonly FileChange[]> => {
  const fixable = new Set<string>(
    rules.flatMap((one) => (one.fixable === 'always' ? [one.id] : [])),
  )
  const sources = createSources(root, tree)
  const changes = new Map<string, readonly FileChange[]>()
  for (const finding of findings.slice(0, changeCountMax)) {
    if (!fixable.has(finding.rule) || finding.edits.length === 0) continue
    const unit = { finding, edits: finding.edits, isFollowUp: false }
    const { texts } = await makeDraft([unit], sources, { bases: new Map() })
    const own: FileChange[] = []
    let isSecret = false
    for (const [file, text] of texts) {
      const { text: before = '' } = await sources(file)
      const lines = lineChanges(before, text)
      own.push({ file, lines })
      isSecret ||= showsSecret(text, lines)
    }
    // A line without its secret would be another line.
    if (!isSecret) changes.set(finding.fingerprint, own)
  }
  return ({ fingerprint }) => changes.get(fingerprint) ?? []
}

const showsSecret = (after: string, changes: readonly LineChange[]): boolean => {
  const masked = maskLines(after)
  let shift = 0
  return changes.some(({ from, to, text }) => {
    const count = splitLines(text).length
    const shown = masked.slice(from - 1 + shift, from - 1 + shift + count)
    shift += count - (to - from + 1)
    return shown.join('') !== text
  })
}
