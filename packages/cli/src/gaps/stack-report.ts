import {
  readExcerpts,
  rules,
  viewOfStack,
  type Audit,
  type Fact,
  type Finding,
  type StackView,
} from '@keelson/gaps'
import type {
  AuditedFinding,
  AuditedReport,
  GapInventory,
  StackObservation,
} from '@keelson/contract'

/** Beyond, a report is read by nobody; how many more there are is told with what was not read. */
const findingsMax = 2000
const notReadMax = 200
const claimsMax = 100
const textLengthMax = 2000

/** The report of one stack, as the contract has it, of an audit of its folder. */
export const stackAuditOf = async (
  found: Audit,
  files: readonly string[],
  { accepted = [], observation }: StackAuditOptions,
): Promise<AuditedReport> => {
  const view = viewOfStack(found, { files, rules, accepted: new Set(accepted) })
  const kept = view.findings.slice(0, findingsMax)
  const excerptOf = await readExcerpts(found.tree, kept)
  const more = view.findings.length - kept.length
  const left = more === 0 ? [] : [{ file: '.', why: `${more} further findings are left out` }]
  return {
    inventory: inventoryOf(view, observation),
    findings: kept.map((finding) => describeFinding(finding, excerptOf)),
    suppressed: found.suppressed.length,
    notRead: [...left, ...view.inventory.notRead]
      .slice(0, notReadMax)
      .map(({ file, why }) => ({ file, why })),
  }
}

export type StackAuditOptions = {
  accepted?: readonly string[] | undefined
  observation?: StackObservation | undefined
}

type InventoryService = StackView['inventory']['services'][number]
type ExcerptOf = Awaited<ReturnType<typeof readExcerpts>>

const describeFinding = (finding: Finding, excerptOf: ExcerptOf): AuditedFinding => {
  const { fingerprint, rule, severity, title, message, service, evidence, fix, edits } = finding
  const isDecision = rules.find(({ id }) => id === rule)?.fixable === 'when asked'
  return {
    ...{ fingerprint, rule, severity, title, service, fix: fix.slice(0, textLengthMax) },
    message: message.slice(0, textLengthMax),
    evidence: evidence.map((fact: Fact) => ({
      ...{ file: fact.file, line: fact.line, column: fact.column },
      fact: fact.fact.slice(0, textLengthMax),
      excerpt: excerptOf(fact).map(({ line, text, isIt }) => ({ line, text, isIt })),
    })),
    isFixable: edits.length > 0 && !isDecision,
  }
}

const inventoryOf = (
  { inventory, claimed }: StackView,
  observation: StackObservation | undefined,
): GapInventory => {
  const services = inventory.services.map((one) => {
    const { service, category, built, why, runs, running, file, line } = one
    const healthy = observation === undefined ? null : healthOf(one, observation)
    const isClaimed = claimed.has(service)
    return { service, category, claimed: isClaimed, built, why, runs, running, healthy, file, line }
  })
  return {
    claimed: inventory.claimed,
    claims: inventory.claims
      .slice(0, claimsMax)
      .map(({ text, file, line }) => ({ text: text.slice(0, textLengthMax), file, line })),
    declared: inventory.declared,
    built: inventory.built,
    running: inventory.running,
    healthy: inventory.running === null ? null : services.filter(isWell).length,
    services,
    score: inventory.score.total,
    families: inventory.score.families.map(({ family, score, errors, warnings, infos }) => ({
      ...{ family, score, errors, warnings, infos },
    })),
  }
}

/** Running is all there is to go by where nobody asks. */
const isWell = ({ running, healthy }: { running: boolean | null; healthy: boolean | null }) =>
  running === true && healthy !== false

/**
 * Of a service: all its instances; null when nobody asks them, nothing of it is to run, or it is not
 * visible whether it did. What ended well is well.
 */
const healthOf = (
  { service, runs, running }: InventoryService,
  { instances }: StackObservation,
): boolean | null => {
  if (running === null) return null
  const own = instances.filter((one) => one.service === service)
  if (runs === 'once' && !own.some(({ isRunning }) => isRunning)) return running
  if (own.length === 0) return false
  if (own.some(({ isHealthy }) => isHealthy === false)) return false
  return own.every(({ isHealthy }) => isHealthy === true) ? true : null
}
