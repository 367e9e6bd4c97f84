import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import {
  audit,
  baselineFile,
  compareBaseline,
  planFixes,
  readBaseline,
  systemOf,
  type Audit,
} from '@keelson/gaps'
import type { AuditAnswer, AuditOrder, GapFixPreview, StackObservation } from '@keelson/contract'
import { describeListeners } from '@keelson/contract/listeners'
import { failureOf, formatPlace } from './failure.ts'
import { evidenceOf } from './gaps/evidence.ts'
import { stackAuditOf } from './gaps/stack-report.ts'
import { watchedBy } from './gaps/watched.ts'
import { flush } from './output.ts'

/**
 * The platform's way to an audit (`keelson __gaps`): an order comes in, the report goes out. A process
 * of its own, because a repository may be as large as the audit allows, and because the platform knows
 * nothing of the rules.
 */
const auditFiles = async (order: AuditOrder): Promise<AuditAnswer> => {
  try {
    // Paths of findings and of compose files have to be of the same tree, whatever links lead there.
    const root = await realpath(order.root)
    const files = await Promise.all(order.files.map((file) => realpath(file).catch(() => file)))
    const { observation } = order
    const seen = observation === undefined ? undefined : await withListeners(observation)
    const found = await audit({
      ...{ root, files: [files] },
      ...(order.timeLimitMs === undefined ? {} : { timeLimitMs: order.timeLimitMs }),
      running: async (system) =>
        seen !== undefined && systemOf(system.readings(), files) === system
          ? evidenceOf(seen)
          : undefined,
    })
    if (found.systems.length === 0 && found.refused.length === 0) {
      return { kind: 'refused', reason: `There is no compose file in ${order.root}` }
    }
    if (order.fixes !== undefined)
      return { kind: 'mended', preview: await mend(found, order.fixes) }
    const options = { accepted: order.accepted, observation: seen }
    const { fresh, known } = compareBaseline(
      found.findings,
      (await readBaseline(join(root, baselineFile), root)) ?? [],
    )
    const report = await stackAuditOf({ ...found, findings: fresh }, files, options)
    report.suppressed += known.length
    const watched = await watchedBy(found)
    return { kind: 'audited', report, watched, processorMs: processorMs() }
  } catch (error) {
    const { code, faults } = failureOf(error)
    // A fault of ours, or of the disk, comes with its stack: its first line is for people.
    const [first] = faults
    if (code === 'internal') return refused(first?.message.split('\n')[0] ?? code)
    const said = faults.map(({ message, place }) =>
      place === undefined ? message : `${formatPlace(place, order.root)}: ${message}`,
    )
    return refused(said.join('; '))
  }
}

const refused = (reason: string): AuditAnswer => ({
  ...{ kind: 'refused', reason: reason.slice(0, 2000) },
})

/** Of this process since its start. */
const processorMs = (): number => {
  const { user, system } = process.cpuUsage()
  return Math.round((user + system) / 1000)
}

const withListeners = async (seen: StackObservation): Promise<StackObservation> => ({
  ...seen,
  listeners: await describeListeners(),
})

/** What was looked at is what the command mends. */
const mend = async (found: Audit, fingerprints: readonly string[]): Promise<GapFixPreview> => {
  const plan = await planFixes({ root: found.tree.root, audit: found, fingerprints })
  const mended = new Set(plan.files.flatMap((one) => one.fingerprints))
  const named = fingerprints.filter((one) => mended.has(one))
  return {
    files: plan.files.map(({ file, diff, fingerprints }) => ({
      ...{ file, diff, fingerprints: [...fingerprints] },
    })),
    skipped: plan.skipped.map(({ fingerprint, why }) => ({ fingerprint, why })),
    command: ['keelson gaps --fix', ...named.map((one) => `--finding ${one}`)].join(' '),
  }
}

/** Answers once, on standard output. */
export const answerAudit = async (): Promise<void> => {
  const order = JSON.parse(await text(process.stdin)) as AuditOrder
  process.stdout.write(JSON.stringify(await auditFiles(order)))
  await flush(process.stdout)
}
