import type { Audit, FixPlan, PlannedFile, Skipped } from '@keelson/gaps'
import type { Colors } from '../output.ts'
import { oneLine, withoutControls } from '../text.ts'

/** Unified diffs, one after the other. */
export const formatDiff = (files: readonly PlannedFile[], colors: Colors): string =>
  files
    .flatMap(({ diff }) => withoutControls(diff).trimEnd().split('\n'))
    .map((line) => paint(line, colors))
    .join('\n')

const paint = (line: string, colors: Colors): string => {
  if (/^(?:---|\+\+\+) /.test(line)) return colors.bold(line)
  if (line.startsWith('@@')) return colors.cyan(line)
  if (line.startsWith('+')) return colors.green(line)
  return line.startsWith('-') ? colors.red(line) : line
}

const skippedMax = 20

/** What was left alone although its rule can be mended, with the reason; the same ones together. */
export const formatSkipped = (skipped: readonly Skipped[], { findings }: Audit): string[] => {
  if (skipped.length === 0) return []
  const known = new Map(findings.map((finding) => [finding.fingerprint, finding]))
  const groups = Map.groupBy(skipped, ({ fingerprint, why }) => {
    const finding = known.get(fingerprint)
    return `${finding?.rule ?? fingerprint}\0${oneLine(why)}`
  })
  const rows = [...groups].map(([key, list]) => {
    const [rule = '', why = ''] = key.split('\0')
    const names = list.flatMap(({ fingerprint }) => known.get(fingerprint)?.service ?? [])
    const shown = [...new Set(names)].slice(0, 5).map(oneLine).join(', ')
    const more = new Set(names).size > 5 ? ', …' : ''
    return `  ${rule}${shown === '' ? '' : ` (${shown}${more})`}: ${why}`
  })
  return [
    `${skipped.length} left alone:`,
    ...rows.slice(0, skippedMax),
    ...(rows.length > skippedMax
      ? [`  and ${rows.length - skippedMax} more (--json has them)`]
      : []),
  ]
}

/** One document; `written` tells whether the files hold it now. */
export const fixJson = ({ files, skipped }: FixPlan, { findings }: Audit, isWritten: boolean) => {
  const known = new Map(findings.map((finding) => [finding.fingerprint, finding]))
  return {
    written: isWritten,
    files: files.map(({ file, isNew, diff, fingerprints }) => ({
      file,
      isNew,
      diff,
      fingerprints,
    })),
    skipped: skipped.map(({ fingerprint, why }) => {
      const { rule = null, service = null } = known.get(fingerprint) ?? {}
      return { fingerprint, rule, service, why }
    }),
  }
}
