import { audit as auditAgain, type Audit } from '../audit.ts'
import { rules as allRules } from '../rules/index.ts'
import type { Finding } from '../rules/rule.ts'
import { unifiedDiff } from './changes.ts'
import { createSources, makeDraft, type Draft, type Sources, type Unit } from './draft.ts'
import { basesOf } from './inherited.ts'
import { causesOf, hasWeight, judgeDraft, type Verdict } from './judge-draft.ts'

export type FixOptions = {
  /** Absolute path of the repository that was audited. */
  root: string
  audit: Audit
  /** Only these findings; all unless given. */
  fingerprints?: readonly string[]
  /**
   * Ids of the rules that were named: of others, what is mended `when asked` is left alone. Without
   * this, naming a finding by its fingerprint is asking.
   */
  rules?: readonly string[]
  /** What is not made by then is left alone; each audit has a limit of its own. */
  timeLimitMs?: number
}

/** One file as it would be; `diff` shows no secrets, `before` and `after` are the whole texts. */
export type PlannedFile = {
  /** Path in the repository. */
  file: string
  before: string
  after: string
  /** There was no such file. */
  isNew: boolean
  /** Unified. */
  diff: string
  /** Of the findings that it mends. */
  fingerprints: readonly string[]
}

export type Skipped = { fingerprint: string; why: string }

/** Nothing is written yet. Every file of it has been proved; see planFixes. */
export type FixPlan = { files: readonly PlannedFile[]; skipped: readonly Skipped[] }

/** An audit each; what is not proved by then is left alone. */
const roundsMax = 12
const defaultTimeLimitMs = 60_000

/**
 * What would mend findings, proved before it is written: with the changed texts in place of the files
 * the repository is audited again. What does not make its finding go away, brings a new error or
 * warning, or changes more of a compose model than it is about, is skipped with the reason. Reads
 * files, writes none, runs nothing.
 */
export const planFixes = async (options: FixOptions): Promise<FixPlan> => {
  const { units, skipped } = chooseUnits(options)
  if (units.length === 0) return { files: [], skipped }
  const before = await auditAll(options.audit)
  const sources = createSources(options.root, before.tree)
  const isWanted = wantedFollowUps(options)
  const end = performance.now() + (options.timeLimitMs ?? defaultTimeLimitMs)
  const isLate = () => performance.now() > end
  let main: readonly Unit[] = units
  const bases = basesOf(before.systems)
  let draft = await makeDraft(main, sources, { isLate, bases })
  for (let round = 0; round < roundsMax; round += 1) {
    const { refused } = draft
    skipped.push(...skipsOf([...refused].filter(([unit]) => main.includes(unit))))
    main = main.filter((unit) => !refused.has(unit))
    if (main.length === 0) return { files: [], skipped }
    const after = await auditAll(options.audit, draft.texts)
    const { dropped, mendable } = weigh(draft, judgeDraft(before, after, draft), isWanted)
    if (dropped.size === 0 && mendable.length === 0) {
      return { files: await filesOf(draft, sources), skipped }
    }
    skipped.push(...skipsOf(dropped))
    main = main.filter((unit) => !dropped.has(unit))
    // Without one of its causes a follow-up may have nothing to follow.
    draft = await makeDraft(dropped.size > 0 ? main : mendable, sources, {
      ...(dropped.size > 0 ? {} : { from: draft }),
      ...{ isLate, bases },
    })
  }
  const why = `it could not be proved within ${roundsMax} audits: name fewer rules`
  return { files: [], skipped: [...skipped, ...main.map(({ finding }) => skip(finding, why))] }
}

/** Which units go, with the reason, and what is to be mended along with those that stay. */
const weigh = (
  draft: Draft,
  { failed, brought }: Verdict,
  isWanted: (finding: Finding) => boolean,
): { dropped: ReadonlyMap<Unit, string>; mendable: readonly Unit[] } => {
  const dropped = new Map<Unit, string>()
  const dropCauses = (finding: Finding, why: string) =>
    causesOf(finding, draft).forEach((unit) => dropped.set(unit, why))
  for (const [unit, why] of failed) {
    if (unit.isFollowUp) dropCauses(unit.finding, why)
    else dropped.set(unit, why)
  }
  const refused = new Set([...draft.refused.keys()].map(({ finding }) => finding.fingerprint))
  const mendable: Unit[] = []
  for (const finding of brought) {
    const { fingerprint, edits } = finding
    const canMend = ruleOf(finding)?.fixable === 'always' && edits.length > 0
    if (canMend && !refused.has(fingerprint) && (hasWeight(finding) || isWanted(finding))) {
      mendable.push({ finding, edits, isFollowUp: true })
    } else if (hasWeight(finding)) {
      dropCauses(finding, `it would bring ${finding.rule}: ${finding.message}`)
    }
  }
  return { dropped, mendable }
}

const auditAll = (audit: Audit, overlay?: ReadonlyMap<string, string>): Promise<Audit> => {
  const { rules, running, ...options } = audit.options
  const isWhole =
    running === undefined && allRules.every((rule) => (rules ?? allRules).includes(rule))
  if (overlay === undefined) return isWhole ? Promise.resolve(audit) : auditAgain(options)
  return auditAgain({ ...options, overlay })
}

const ruleOf = ({ rule }: Finding) => allRules.find(({ id }) => id === rule)

const skip = ({ fingerprint }: Finding, why: string): Skipped => ({ fingerprint, why })

const skipsOf = (units: Iterable<readonly [Unit, string]>): Skipped[] =>
  [...units].filter(([unit]) => !unit.isFollowUp).map(([unit, why]) => skip(unit.finding, why))

const chooseUnits = ({ audit, fingerprints, rules }: FixOptions) => {
  const units: Unit[] = []
  const skipped: Skipped[] = []
  const asked = new Set(fingerprints)
  for (const finding of audit.findings) {
    if (fingerprints !== undefined && !asked.has(finding.fingerprint)) continue
    asked.delete(finding.fingerprint)
    const fixable = ruleOf(finding)?.fixable
    const isAsked =
      fixable === 'always' || (rules?.includes(finding.rule) ?? fingerprints !== undefined)
    if (fixable === undefined && fingerprints === undefined) continue
    if (fixable === undefined || finding.edits.length === 0) {
      skipped.push(skip(finding, `it takes a decision: ${finding.fix}`))
    } else if (!isAsked) {
      skipped.push(skip(finding, `it is mended only when asked for: --rule ${finding.rule}`))
    } else {
      units.push({ finding, edits: finding.edits, isFollowUp: false })
    }
  }
  for (const fingerprint of fingerprints === undefined ? [] : asked) {
    skipped.push({ fingerprint, why: 'there is no such finding any more' })
  }
  return { units, skipped }
}

/** A mend that brings a mere info is followed by that one's mend where its rule is looked at. */
const wantedFollowUps = ({ audit, fingerprints }: FixOptions) => {
  const looked = new Set((audit.options.rules ?? allRules).map(({ id }) => id))
  return ({ rule }: Finding): boolean => fingerprints === undefined && looked.has(rule)
}

const filesOf = async (draft: Draft, sources: Sources): Promise<PlannedFile[]> => {
  const files = [...draft.texts].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const planned = await Promise.all(
    files.map(async ([file, after]): Promise<PlannedFile> => {
      const { text } = await sources(file)
      const before = text ?? ''
      const isNew = text === undefined
      const units = (draft.byFile.get(file) ?? []).filter(({ isFollowUp }) => !isFollowUp)
      const fingerprints = [...new Set(units.map(({ finding }) => finding.fingerprint))]
      return {
        file,
        before,
        after,
        isNew,
        diff: unifiedDiff(file, before, after, { isNew }),
        fingerprints,
      }
    }),
  )
  return planned.filter(({ before, after }) => before !== after)
}
