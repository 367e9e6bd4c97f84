import { createCollector, type Collector } from './findings/collector.ts'
import { takeInventory, type Inventory } from './findings/inventory.ts'
import { foundOfRefused } from './findings/refused.ts'
import { leavesOut, readSettings, type Settings } from './findings/settings.ts'
import {
  judgeSuppressions,
  missedIn,
  readSuppressions,
  suppress,
  type Suppressed,
} from './findings/suppressions.ts'
import { readFiles, type ReadBefore } from './readers/index.ts'
import { rules as allRules } from './rules/index.ts'
import { severityRank, type Finding, type Found, type Rule, type Severity } from './rules/rule.ts'
import { folderName } from './systems/folder-name.ts'
import { loadSystems, type Refused } from './systems/load-systems.ts'
import { repositoryPath } from './systems/places.ts'
import {
  isFixture,
  isForDevelopment,
  isForTests,
  isFragment,
  isOfOverride,
} from './systems/purpose.ts'
import type { RunningEvidence, System } from './systems/system.ts'
import type { Tree, TreeNote } from './tree/tree.ts'
import { walkTree, type WalkLimits } from './tree/walk.ts'

export type AuditOptions = {
  /** Absolute path of the repository. */
  root: string
  /** Those that are judged; all unless given. */
  rules?: readonly Rule[]
  limits?: Partial<WalkLimits>
  /** Compose files that are read together, whatever they are called: absolute paths, by stack. */
  files?: readonly (readonly string[])[]
  /** Paths that exist although they are not here: of a trimmed copy. `a/`: whatever is below may. */
  alsoExisting?: readonly string[]
  /** What is seen of a stack that runs; undefined of one that nobody looks at. */
  running?: (system: System) => Promise<RunningEvidence | undefined>
  /** In place of those in the repository's `.keelson/gaps.yaml`. */
  settings?: Settings
  /** When suppressions are over. */
  now?: Date
  /** Texts in place of those on disk, by path: what would be found after a change. */
  overlay?: ReadonlyMap<string, string>
  /** Filled, and used by further audits of the same folder: only what has changed is parsed. */
  readBefore?: ReadBefore
  /** What is not read by then is not read, and told. */
  timeLimitMs?: number
}

export type Audit = {
  /** What was asked for. */
  options: AuditOptions
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
  const { limits = {}, alsoExisting = [], overlay = new Map<string, string>() } = options
  const leaveOut = leavesOut(settings)
  const tree = await walkTree(root, { limits, alsoExisting, leaveOut, overlay, isLate })
  const facts = await readFiles(tree, isLate, options.readBefore)
  const { systems, refused } = await loadSystems(
    tree,
    facts,
    isLate,
    (options.files ?? []).map((files) => filesWithin(tree, files)),
  )
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
  // Of a stack that does not load nothing is found, and so nothing of it is left out.
  const met = refused.some(({ isDefault }) => isDefault) ? new Set(suppressions.list) : used
  const missedBy = missedIn(kept, systems)
  for (const { rule, found } of judgeSuppressions(suppressions, {
    used: met,
    ran,
    missedBy,
    now,
  })) {
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
  const inventory = takeInventory(systems, { findings, rules, notRead: tree.notes })
  return {
    ...{ options, findings, inventory, suppressed, settings, systems, refused, tree },
    notes: tree.notes,
  }
}

/** Paths in the tree; none when one of them is not in it. */
const filesWithin = ({ root, has }: Tree, files: readonly string[]): readonly string[] => {
  const paths = files.flatMap((file) => repositoryPath(root, file) ?? [])
  return paths.length === files.length && paths.every(has) ? paths : []
}

const doesNotLoad = (rules: readonly Rule[]) =>
  rules.find(({ id }) => id === 'compose/does-not-load')

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
  const whyOver = (): string | undefined => {
    if (isLate()) return 'not judged in time'
    return count > findingCountMax ? `more than ${findingCountMax} findings` : undefined
  }
  const composeFiles = new Set(systems.flatMap(({ files }) => files))
  for (const system of systems.toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault))) {
    const { files } = system
    const folder = folderName(system.folder)
    const weigh = createScale(system)
    const tell = (why: string) => notes.push({ file: system.files[0] ?? folder, why })
    for (const rule of rules) {
      try {
        let over = whyOver()
        for (const found of over === undefined ? rule.find(system) : []) {
          collect(rule, folder, { ...found, severity: weigh(rule, found) }, composeFiles, files)
          count += 1
          over = whyOver()
          if (over !== undefined) break
        }
        if (over !== undefined) {
          tell(`${over}: ${rule.id} and what follows`)
          return
        }
      } catch (error) {
        // One rule that stumbles must not hide what all others find; it is told.
        const reason = error instanceof Error ? error.message : String(error)
        tell(`the rule ${rule.id} failed: ${reason.slice(0, 200)}`)
      }
    }
  }
}

/** What a finding weighs here: half a model proves little, and a developer's machine is no host. */
const createScale = (system: System): ((rule: Rule, found: Found) => Severity) => {
  const isHalf = isFragment(system) || isFixture(system)
  const isMilder = isForDevelopment(system) || isForTests(system)
  return (rule, found) => {
    const { severity = rule.severity } = found
    if (isHalf) return 'info'
    if (rule.isMilderInDevelopment !== true || !(isMilder || isOfOverride(found))) return severity
    return severity === 'error' ? 'warning' : 'info'
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

/** Without a locale: the same order on every machine. */
const bySeverityThenPlace = (a: Finding, b: Finding): number => {
  const [first, second] = [a.evidence[0], b.evidence[0]]
  return (
    severityRank[a.severity] - severityRank[b.severity] ||
    compare(first?.file ?? '', second?.file ?? '') ||
    (first?.line ?? 0) - (second?.line ?? 0) ||
    compare(a.rule, b.rule) ||
    compare(a.fingerprint, b.fingerprint)
  )
}
