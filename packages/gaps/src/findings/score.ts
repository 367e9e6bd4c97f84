import { families, type Family, type Finding, type Rule, type Severity } from '../rules/rule.ts'

/**
 * How much of a repository is without gaps, 0 to 100, by family and in all.
 *
 * A unit is a service, or a stack as such (for what is found about no service). In a family each
 * unit counts 1 without findings, and by its gravest finding otherwise: 0.9 with an info, 0.5 with a
 * warning, 0 with an error. The score of the family is the mean of its units, rounded down unless it
 * is whole; the score in all is the mean of the families.
 */
export type Score = {
  total: number
  families: readonly {
    family: Family
    score: number
    errors: number
    warnings: number
    infos: number
  }[]
}

const lost: Readonly<Record<Severity, number>> = { error: 1, warning: 0.5, info: 0.1 }

type Units = readonly { system: string; services: readonly string[] }[]

export const scoreOf = (
  findings: readonly Finding[],
  units: Units,
  rules: readonly Rule[],
): Score => {
  const judged = families.filter((family) => rules.some(({ id }) => familyOf(id) === family))
  const byFamily = Map.groupBy(findings, ({ rule }) => familyOf(rule))
  const count = units.reduce((sum, { services }) => sum + services.length + 1, 0)
  const scores = judged.map((family) => {
    const found = byFamily.get(family) ?? []
    const byUnit = Map.groupBy(found, ({ system, service }) => `${system}\0${service ?? ''}`)
    const loss = [...byUnit.values()].map((list) =>
      Math.max(...list.map(({ severity }) => lost[severity])),
    )
    // Of a repository where nothing can be loaded there is no unit, and still something to tell.
    const total = Math.max(count, loss.length, 1)
    const share = 1 - loss.reduce((sum, one) => sum + one, 0) / total
    const of = (severity: Severity) => found.filter((one) => one.severity === severity).length
    return {
      family,
      score: Math.floor(Math.round(share * 1e6) / 1e4),
      ...{ errors: of('error'), warnings: of('warning'), infos: of('info') },
    }
  })
  const sum = scores.reduce((total, { score }) => total + score, 0)
  return { total: scores.length === 0 ? 100 : Math.floor(sum / scores.length), families: scores }
}

export const familyOf = (rule: string): Family => rule.split('/')[0] as Family
