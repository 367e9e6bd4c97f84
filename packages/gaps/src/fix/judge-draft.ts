import type { Audit } from '../audit.ts'
import { severityRank, type Finding } from '../rules/rule.ts'
import { compareModels, idOf, keysOf, type Stray } from './compare-models.ts'
import type { Draft, Unit } from './draft.ts'
import type { Keys } from './edit.ts'

/** What speaks against a draft, by unit; and what it brings to light that can be mended as well. */
export type Verdict = { failed: ReadonlyMap<Unit, string>; brought: readonly Finding[] }

/**
 * Holds the audit of a draft against the one before: what was to be mended is gone, nothing of
 * weight is new, every stack still loads, and its model is the same but for what was meant.
 */
export const judgeDraft = (before: Audit, after: Audit, draft: Draft): Verdict => {
  const failed = new Map<Unit, string>()
  const fail = (units: readonly Unit[], why: string) =>
    units.forEach((unit) => failed.has(unit) || failed.set(unit, why))
  if (after.notes.length > before.notes.length) {
    const note = after.notes.find(({ file, why }) => !hasNote(before, file, why))
    fail(draft.made, `the result could not be audited as a whole: ${note?.why ?? 'cut short'}`)
    return { failed, brought: [] }
  }
  for (const one of after.refused) {
    if (before.refused.some((old) => idOf(old) === idOf(one))) continue
    const [fault] = one.faults
    const why = `${one.files.join(', ')} would no longer load: ${fault?.message ?? 'unknown'}`
    fail(unitsOfFiles(draft, one.files), why)
  }
  if (failed.size > 0) return { failed, brought: [] }
  const edits = draft.made.flatMap((unit) => unit.edits)
  for (const stray of compareModels(before, after, edits)) {
    const { system, keys } = stray
    const why = `it would also change ${keys.join('.') || 'the stack'} of ${system.files.join(', ')}`
    fail(unitsLike(draft, stray), why)
  }
  const remaining = new Set(after.findings.map(({ fingerprint }) => fingerprint))
  for (const unit of draft.made) {
    if (remaining.has(unit.finding.fingerprint)) fail([unit], 'the finding would still be there')
  }
  return { failed, brought: broughtBy(before, after) }
}

const hasNote = ({ notes }: Audit, file: string, why: string): boolean =>
  notes.some((note) => note.file === file && note.why === why)

/** Findings that are new, or graver than before. */
const broughtBy = (before: Audit, after: Audit): readonly Finding[] => {
  const known = new Map(before.findings.map(({ fingerprint, severity }) => [fingerprint, severity]))
  return after.findings.filter(({ fingerprint, severity }) => {
    const was = known.get(fingerprint)
    return was === undefined || severityRank[severity] < severityRank[was]
  })
}

export const hasWeight = ({ severity }: Finding): boolean => severity !== 'info'

/** Units that were asked for and may have brought a finding: of the services it speaks of, else of its files, else all. */
export const causesOf = (finding: Finding, draft: Draft): readonly Unit[] => {
  const made = draft.made.filter(({ isFollowUp }) => !isFollowUp)
  const words = new Set([finding.service, ...finding.message.split(/[\s,:"]+/)])
  const files = new Set(finding.evidence.map(({ file }) => file))
  const near = made.filter(
    ({ finding: { service }, edits }) =>
      (service !== null && words.has(service)) ||
      edits.some((edit) => 'keys' in edit && words.has(edit.keys[1] ?? '')),
  )
  const inFiles = made.filter(({ edits }) => edits.some(({ file }) => files.has(file)))
  return [near, inFiles].find((units) => units.length > 0) ?? made
}

const unitsOfFiles = ({ made }: Draft, files: readonly string[]): readonly Unit[] => {
  const own = made.filter(({ edits }) => edits.some(({ file }) => files.includes(file)))
  return own.length > 0 ? own : made
}

/**
 * Units that change the same value of another service: what extends a service changes with it, and is
 * written where that one's value is.
 */
const unitsLike = (draft: Draft, { system, keys }: Stray): readonly Unit[] => {
  const [, , key, ...below] = keys
  const at = system.place(...keys)
  const isSame = ([top, service = '', own]: Keys): boolean => {
    if (top !== 'services' || key === undefined || own !== key) return false
    const { file, line, column } = system.place('services', service, key, ...below)
    return file === at.file && line === at.line && column === at.column
  }
  const like = draft.made.filter(({ edits }) => edits.flatMap(keysOf).some(isSame))
  return like.length > 0 ? like : unitsOfFiles(draft, system.files)
}
