import { formatGithub } from './github.ts'
import { formatHtml } from './html.ts'
import { formatJson } from './json.ts'
import { formatJunit } from './junit.ts'
import { formatMarkdown } from './markdown.ts'
import type { Report, ReportFormat } from './report.ts'
import { formatSarif } from './sarif.ts'

const formats: Readonly<Record<ReportFormat, (report: Report) => string>> = {
  json: formatJson,
  sarif: formatSarif,
  junit: formatJunit,
  github: formatGithub,
  markdown: formatMarkdown,
  html: formatHtml,
}

export const reportFormats = Object.keys(formats) as readonly ReportFormat[]

/** A report as text that ends with a line feed (or is empty). */
export const formatReport = (report: Report, format: ReportFormat): string =>
  formats[format](report)
