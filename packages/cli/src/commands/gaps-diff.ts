import { resolve } from 'node:path'
import { audit, baselineFile, compareBaseline, exportRevision, readBaseline } from '@keelson/gaps'
import type { Context } from '../context.ts'
import { readGapsOptions, type GapsOptions } from '../gaps/options.ts'
import { reportOf, runAudit, withGapsErrors } from '../gaps/run-audit.ts'
import { exitCodeOfFindings, writeReport } from '../gaps/write-report.ts'

/** Findings of the working tree that a revision does not have. */
export const gapsDiff = async (
  context: Context,
  options: GapsOptions,
  [revision = '', path]: readonly string[],
): Promise<number> => {
  const { root, chosen, format } = await readGapsOptions(context, options, path)
  const { cwd } = context
  const file =
    options.baseline === undefined ? resolve(root, baselineFile) : resolve(cwd, options.baseline)
  const known = (await withGapsErrors(() => readBaseline(file))) ?? []
  const exported = await withGapsErrors(() => exportRevision(root, revision))
  try {
    const before = await withGapsErrors(() => audit({ root: exported.folder, rules: chosen }))
    const found = await runAudit({ root, rules: chosen })
    const { fresh } = compareBaseline(found.findings, before.findings)
    const compared = compareBaseline(fresh, known)
    const report = await reportOf(found, chosen, compared.fresh, {
      baselined: compared.known.length,
    })
    await writeReport(context, report, format, options.output)
    return exitCodeOfFindings(compared.fresh, options.failOn ?? found.settings.failOn ?? 'error')
  } finally {
    await exported.remove()
  }
}
