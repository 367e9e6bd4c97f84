import type { GapInventory, GapReport, GapSeverity } from '@keelson/contract'
import { countOf } from '../ui/format.ts'

type Counts = { errors: number; warnings: number; infos: number }
type Tone = 'unhealthy' | 'degraded' | 'healthy' | 'unknown'
export type GapVerdict = { tone: Tone; sentence: string }

/** Accepted findings do not count. */
const countsOf = ({ findings }: Pick<GapReport, 'findings'>): Counts => {
  const of = (severity: GapSeverity) =>
    findings.filter((one) => one.severity === severity && one.acceptance === null).length
  return { errors: of('error'), warnings: of('warning'), infos: of('info') }
}

export const toneOf = ({ errors, warnings }: Omit<Counts, 'infos'>): Tone => {
  if (errors > 0) return 'unhealthy'
  return warnings > 0 ? 'degraded' : 'healthy'
}

/** `2 errors, 3 warnings: claimed 25, declared 16, built 14, healthy 12` */
export const verdictOf = (report: GapReport): GapVerdict => {
  const { inventory } = report
  if (inventory === null) {
    return report.state === 'failed'
      ? { tone: 'unhealthy', sentence: 'The audit could not be made' }
      : { tone: 'unknown', sentence: 'Not audited yet' }
  }
  const counts = countsOf(report)
  return { tone: toneOf(counts), sentence: `${inWords(counts)}: ${numbersOf(inventory)}` }
}

const inWords = ({ errors, warnings, infos }: Counts): string => {
  const parts = [
    ...(errors === 0 ? [] : [countOf(errors, 'error')]),
    ...(warnings === 0 ? [] : [countOf(warnings, 'warning')]),
  ]
  if (parts.length > 0) return parts.join(', ')
  return infos === 0 ? 'No gaps' : `No errors or warnings, ${countOf(infos, 'note')}`
}

/** What nobody says or saw is left out; what is off is neither healthy nor missing. */
const numbersOf = (inventory: GapInventory): string => {
  const { claimed, declared, built, running, healthy, services } = inventory
  const off = running === null ? 0 : services.filter(({ runs }) => runs === 'off').length
  return [
    ...(claimed === null ? [] : [`claimed ${claimed}`]),
    ...[`declared ${declared}`, `built ${built}`],
    ...(healthy === null
      ? running === null
        ? []
        : [`running ${running}`]
      : [`healthy ${healthy}`]),
    ...(off === 0 ? [] : [`off ${off}`]),
  ].join(', ')
}
