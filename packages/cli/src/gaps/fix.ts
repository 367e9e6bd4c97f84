import {
  planFixes,
  rules,
  WriteFailed,
  writeFixes,
  type Audit,
  type Finding,
  type FixPlan,
} from '@keelson/gaps'
import type { Context } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-code.ts'
import { usageError } from '../failure.ts'
import { count, oneLine } from '../text.ts'
import { askYes } from '../ask-yes.ts'
import { fixJson, formatDiff, formatSkipped } from './fix-report.ts'
import type { GapsOptions } from './options.ts'

/** What goes with `--fix`, and what does not. */
export const checkFixOptions = (options: GapsOptions): void => {
  const { fix, yes, dryRun, finding, live, writeBaseline, output, format } = options
  if (fix !== true) {
    const given = {
      '--yes': yes === true,
      '--dry-run': dryRun === true,
      '--finding': finding !== undefined,
    }
    const alone = firstGiven(given)
    if (alone === undefined) return
    throw usageError(`${alone} says how to mend, and nothing is to be mended`, 'add --fix')
  }
  const others = {
    '--live': live === true,
    '--write-baseline': writeBaseline === true,
    '--output': output !== undefined,
    [`--format ${format}`]: format !== 'pretty' && format !== 'json',
    '--yes': yes === true && dryRun === true,
  }
  const wrong = firstGiven(others)
  if (wrong === undefined) return
  const by = wrong === '--yes' ? '--fix --dry-run' : '--fix'
  throw usageError(`${by} does not go with ${wrong}`, `leave out ${wrong}`)
}

const firstGiven = (options: Readonly<Record<string, boolean>>): string | undefined =>
  Object.keys(options).find((name) => options[name] === true)

/** Shows what would mend the findings, asks, and writes it. */
export const fixGaps = async (
  context: Context,
  options: GapsOptions,
  { root, found, fresh }: { root: string; found: Audit; fresh: readonly Finding[] },
): Promise<ExitCode> => {
  const { output, shared } = context
  const isJson = shared.json || options.format === 'json'
  const fixable = new Set<string>(
    rules.flatMap((rule) => (rule.fixable === undefined ? [] : rule.id)),
  )
  const named = namedFindings(options, found)
  const mine = fresh.filter(({ rule }) => fixable.has(rule))
  const plan = await planFixes({
    ...{ root, audit: found },
    fingerprints: named ?? mine.map(({ fingerprint }) => fingerprint),
    // A finding that is named is asked for, whatever its rule takes.
    ...(named === undefined
      ? { rules: (options.rule ?? []).flatMap((text) => text.split(',')) }
      : {}),
  })
  const { files } = plan
  if (!isJson) showPlan(context, plan, found)
  const decided =
    files.length === 0 || options.dryRun === true
      ? 'no need'
      : options.yes === true || (!isJson && (await confirm(context, files.length)))
        ? 'yes'
        : 'no'
  if (decided === 'yes') await write(root, plan)
  if (isJson) output.data(JSON.stringify(fixJson(plan, found, decided === 'yes'), null, 2))
  if (decided === 'yes') output.message(`${count(files.length, 'file')} written.`)
  if (decided !== 'no') return exitCodes.ok
  output.message('Nothing was written: --yes writes without asking.')
  return exitCodes.differences
}

/** Undefined: all. Throws of one that is not there: it was mended, or the file is another by now. */
const namedFindings = ({ finding }: GapsOptions, { findings }: Audit): string[] | undefined => {
  const named = finding?.flatMap((text) => text.split(','))
  for (const name of named ?? []) {
    if (findings.some(({ fingerprint }) => fingerprint === name)) continue
    throw usageError(`There is no finding ${name} here`, 'keelson gaps --json lists them')
  }
  return named
}

const showPlan = ({ output, shared }: Context, plan: FixPlan, found: Audit): void => {
  const { files, skipped } = plan
  if (!shared.quiet && files.length > 0) output.data(formatDiff(files, output.dataColors))
  const mended = new Set(files.flatMap(({ fingerprints }) => fingerprints))
  const head =
    mended.size === 0
      ? 'Nothing can be mended without a decision.'
      : `${mended.size} of ${count(found.findings.length, 'finding')} can be mended, in ${count(files.length, 'file')}; proved by an audit of the result.`
  output.message(head)
  const ids = new Set(
    found.findings.filter(({ fingerprint }) => mended.has(fingerprint)).map(({ rule }) => rule),
  )
  for (const { id, caution } of rules) {
    if (caution !== undefined && ids.has(id)) output.message(`  ${id}: ${oneLine(caution)}`)
  }
  for (const line of formatSkipped(skipped, found)) output.message(line)
}

/** Nobody is asked where nobody can answer. */
const confirm = async ({ output }: Context, fileCount: number): Promise<boolean> => {
  if (!process.stdin.isTTY || !output.stderr.isTTY) return false
  const question = `Write ${count(fileCount, 'file')}? [y/N] `
  return askYes(question, process.stdin, output.stderr)
}

const write = async (root: string, { files }: FixPlan): Promise<void> => {
  try {
    await writeFixes(root, files)
  } catch (error) {
    if (!(error instanceof WriteFailed)) throw error
    throw usageError(error.message, 'run keelson gaps --fix again; no file is half written')
  }
}
