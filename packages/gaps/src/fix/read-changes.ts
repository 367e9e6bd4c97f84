import type { Audit } from '../audit.ts'
import { maskSecrets } from '../formats/mask.ts'
import { rules } from '../rules/index.ts'
import type { Finding } from '../rules/rule.ts'
import type { FileChange } from './changes.ts'
import { createSources, makeDraft } from './draft.ts'
import { lineChanges, type LineChange } from './line-diff.ts'

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
    const { texts } = await makeDraft([unit], sources)
    const own: FileChange[] = []
    for (const [file, text] of texts) {
      const { text: before = '' } = await sources(file)
      own.push({ file, lines: lineChanges(before, text) })
    }
    // A line without its secret would be another line.
    if (!own.some(({ lines }) => lines.some(showsSecret))) changes.set(finding.fingerprint, own)
  }
  return ({ fingerprint }) => changes.get(fingerprint) ?? []
}

const showsSecret = ({ text }: LineChange): boolean =>
  text.split(/\r?\n/).some((line) => maskSecrets(line) !== line)
