import { formatReport, type FailOn, type Finding, type Report } from '@keelson/gaps'
import type { Context } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-code.ts'
import { noColors } from '../output.ts'
import { saveFile } from '../save-file.ts'
import { tableWidth } from '../table.ts'
import { count } from '../text.ts'
import type { GapsOptions } from './options.ts'
import { formatPretty } from './pretty.ts'

/** Prints a report, or writes it where `--output` says. */
export const writeReport = async (
  { output, shared, cwd }: Context,
  report: Report,
  format: GapsOptions['format'],
  file: string | undefined,
): Promise<void> => {
  if (file === undefined) {
    const width = tableWidth(output.stdout)
    const text = formatAny(report, format, { width, colors: output.dataColors })
    // Annotations of a repository without findings are nothing at all.
    if (!shared.quiet && text !== '') output.data(text.replace(/\n$/, ''))
    return
  }
  const plain = { width: Infinity, colors: noColors }
  await saveFile({ cwd }, file, formatAny(report, format, plain))
  output.message(`${count(report.findings.length, 'finding')} written to ${file}`)
}

const formatAny = (
  report: Report,
  format: GapsOptions['format'],
  options: Parameters<typeof formatPretty>[1],
): string => (format === 'pretty' ? formatPretty(report, options) : formatReport(report, format))

/** 0: nothing at or above what counts as a failure. */
export const exitCodeOfFindings = (findings: readonly Finding[], failOn: FailOn): ExitCode => {
  if (failOn === 'never') return exitCodes.ok
  const counts = failOn === 'error' ? ['error'] : ['error', 'warning']
  return findings.some(({ severity }) => counts.includes(severity))
    ? exitCodes.differences
    : exitCodes.ok
}
