import { fingerprintOf } from './findings/fingerprint.ts'
import { mainSystems, takeInventory, type Inventory } from './findings/inventory.ts'
import { foundOfRefused } from './findings/refused.ts'
import { scoreOf } from './findings/score.ts'
import { applySettings, leavesOut, readSettings, type Settings } from './findings/settings.ts'
import {
  judgeSuppressions,
  readSuppressions,
  suppress,
  type Suppressed,
} from './findings/suppressions.ts'
import { readFiles } from './readers/index.ts'
import { rules as allRules } from './rules/index.ts'
import type { Finding, Found, Rule, Severity } from './rules/rule.ts'
import { folderName } from './systems/folder-name.ts'
import { loadSystems, type Refused } from './systems/load-systems.ts'
import { repositoryPath } from './systems/places.ts'
import type { RunningEvidence, System } from './systems/system.ts'
import type { Tree, TreeNote } from './tree/tree.ts'
import { walkTree, type WalkLimits } from './tree/walk.ts'

export type AuditOptions = {
  /** Absolute path of the repository. */
  root: string
  /** Those that are judged; all unless given. */
  rules?: readonly Rule[]
  limits?: Partial<WalkLimits>
  /** Paths that exist although they are not here: of a trimmed copy. */
  alsoExisting?: readonly string[]
  /** What is seen of a stack that runs; undefined of one that nobody looks at. */
  running?: (system: System) => Promise<RunningEvidence | undefined>
  /** In place of those in the repository's `.keelson/gaps.yaml`. */
  settings?: Settings
  /** When suppressions are over. */
  now?: Date
  /** What is not read by then is not read, and told. */
  timeLimitMs?: number
}

export type Audit = {
  findings: Finding[]
  inventory: Inventory
  suppressed: readonly Suppressed[]
  settings: Settings
  systems: readonly System[]
  refused: readonly Refused[]
  tree: Tree
  /** What was not read, and why. */
  notes: readonly TreeNote[]
}

const defaultTimeLimitMs = 60_000

/**
 * Reads a repository and holds what it says against itself. Runs nothing of it. Throws
 * GapsInputError when its `.keelson/gaps.yaml` cannot be used.
 */
export const audit = async (options: AuditOptions): Promise<Audit> => {
  const { root, rules = allRules, now = new Date() } = options
  const end = performance.now() + (options.timeLimitMs ?? defaultTimeLimitMs)
  const isLate = () => performance.now() > end
  const known = [...new Set([...allRules, ...rules])]
  const settings = options.settings ?? (await readSettings(root, known))
  const { limits = {}, alsoExisting = [] } = options
  const tree = await walkTree(root, { limits, alsoExisting, leaveOut: leavesOut(settings) })
  const facts = await readFiles(tree, isLate)
  const { systems, refused } = await loadSystems(tree, facts, isLate)
  for (const system of options.running === undefined ? [] : systems) {
    const seen = await options.running?.(system)
    if (seen !== undefined) system.running = seen
  }

  const collect = createCollector(settings)
  // Whether a suppression holds is only known once what it names has been judged.
  const judged = rules.some(({ id }) => id === 'suppression/stale')
    ? [...new Set([...rules, ...allRules])]
    : rules
  const sources = new Set(
    systems.flatMap(({ project }) => project.sources.map((file) => repositoryPath(root, file))),
  )
  for (const one of refused) {
    // A fragment that another stack includes or extends need not stand alone.
    if (!one.isDefault && one.files.every((file) => sources.has(file))) continue
    collect(doesNotLoad(judged), folderName(one.folder), foundOfRefused(root, one))
  }
  judge({ rules: judged, systems, collect, isLate, notes: tree.notes })
  const suppressions = await readSuppressions(tree, known)
  const { kept, suppressed, used } = suppress(collect.findings(), suppressions, now)
  const about = createCollector(settings)
  const ran = new Set<string>(judged.map(({ id }) => id))
  for (const { rule, found } of judgeSuppressions(suppressions, used, ran, now)) {
    about(
      judged.find(({ id }) => id === rule),
      '.',
      found,
    )
  }
  const asked = new Set<string>(rules.map(({ id }) => id))
  const findings = [...kept, ...about.findings()]
    .filter(({ rule }) => asked.has(rule))
    .toSorted(bySeverityThenPlace)
  const units = mainSystems(systems).map(({ folder, services }) => ({
    ...{ system: folderName(folder), services: [...services.keys()] },
  }))
  // What nobody looked at is not well either: it does not count.
  const looked = systems.some(({ running }) => running !== undefined)
  const counted = rules.filter(({ id }) => looked || !id.startsWith('running/'))
  const score = scoreOf(findings, units, counted)
  const inventory = takeInventory(systems, score, tree.notes)
  return {
    ...{ findings, inventory, suppressed, settings, systems, refused, tree },
    notes: tree.notes,
  }
}

const doesNotLoad = (rules: readonly Rule[]) =>
  rules.find(({ id }) => id === 'compose/does-not-load')

type Collector = {
  (rule: Rule | undefined, folder: string, found: Found): void
  findings: () => Finding[]
}

/** Findings as they are reported, by their fingerprint: each is told once. */
const createCollector = (settings: Settings): Collector => {
  const findings = new Map<string, Finding>()
  const collect = (rule: Rule | undefined, folder: string, found: Found): void => {
    if (rule === undefined) return
    const { severity = rule.severity, service = null, message, evidence, fix, edits = [] } = found
    const fingerprint = fingerprintOf(rule, folder, found)
    if (findings.has(fingerprint)) return
    const finding = applySettings(
      {
        ...{ rule: rule.id, severity, title: rule.title, message, system: folder, service },
        ...{ evidence, fix, fingerprint, edits },
      },
      settings,
    )
    if (finding !== undefined) findings.set(fingerprint, finding)
  }
  return Object.assign(collect, { findings: () => [...findings.values()] })
}

type Judging = {
  rules: readonly Rule[]
  systems: readonly System[]
  collect: Collector
  isLate: () => boolean
  notes: TreeNote[]
}

/** A stack of 60 services has 200 findings; what has more is not read by anybody. */
const findingCountMax = 20_000

/** Every rule over every reading; what several readings of the same files show is told once. */
const judge = ({ rules, systems, collect, isLate, notes }: Judging): void => {
  let count = 0
  for (const system of systems.toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault))) {
    const folder = folderName(system.folder)
    for (const rule of rules) {
      if (isLate() || count > findingCountMax) {
        const why = isLate() ? 'not judged in time' : `more than ${findingCountMax} findings`
        notes.push({ file: system.files[0] ?? folder, why: `${why}: ${rule.id} and what follows` })
        return
      }
      try {
        for (const found of rule.find(system)) {
          collect(rule, folder, found)
          count += 1
          if (count > findingCountMax) break
        }
      } catch (error) {
        // One rule that stumbles must not hide what all others find; it is told.
        const reason = error instanceof Error ? error.message : String(error)
        const why = `the rule ${rule.id} failed: ${reason.slice(0, 200)}`
        notes.push({ file: system.files[0] ?? folder, why })
      }
    }
  }
}

const rank: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 }

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

/** Without a locale: the same order on every machine. */
const bySeverityThenPlace = (a: Finding, b: Finding): number => {
  const [first, second] = [a.evidence[0], b.evidence[0]]
  return (
    rank[a.severity] - rank[b.severity] ||
    compare(first?.file ?? '', second?.file ?? '') ||
    (first?.line ?? 0) - (second?.line ?? 0) ||
    compare(a.rule, b.rule) ||
    compare(a.fingerprint, b.fingerprint)
  )
}
