import { stringifyJson } from './escape.ts'
import type { Report } from './report.ts'

/** The findings and the inventory, and nothing that differs from run to run. */
export const formatJson = ({ findings, inventory }: Report): string => {
  const shown = findings.map(
    ({ rule, severity, title, message, system, service, evidence, fix, fingerprint }) => ({
      ...{ rule, severity, title, message, system, service },
      evidence: evidence.map(({ file, line, column, fact }) => ({ file, line, column, fact })),
      ...{ fix, fingerprint },
    }),
  )
  return `${stringifyJson({ findings: shown, inventory })}\n`
}
