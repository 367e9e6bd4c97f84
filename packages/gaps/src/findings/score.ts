import { families, type Family, type Finding, type Rule, type Severity } from '../rules/rule.ts'

/**
 * How much of a repository is without gaps, 0 to 100, by family and in all.
 *
 * A unit is a service, or a stack as such (for what is found about no service; a stack that does not
 * load is one unit, as its services are not known). It counts 1 without findings, and by its gravest
 * finding otherwise: 0.9 with an info, 0.5 with a warning, 0 with an error. The score of a family is
 * the mean of the units by the findings of the family, the score in all their mean by all findings,
 * rounded down unless it is whole: never above that of any family. Where no stack loads it is 0.
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
  const known = units.flatMap(({ system, services }) =>
    [...services, ''].map((service) => keyOf(system, service)),
  )
  // What is told of no stack that loads (a document at the root, a stack that does not) counts too.
  const all = new Set([...known, ...findings.map(unitOf)])
  const scores = judged.map((family) => {
    const found = byFamily.get(family) ?? []
    const of = (severity: Severity) => found.filter((one) => one.severity === severity).length
    return {
      family,
      score: shareWithout(found, all.size),
      ...{ errors: of('error'), warnings: of('warning'), infos: of('info') },
    }
  })
  return { total: units.length === 0 ? 0 : shareWithout(findings, all.size), families: scores }
}

/** In percent, of this many units; each loses by its gravest finding. */
const shareWithout = (findings: readonly Finding[], units: number): number => {
  const loss = [...Map.groupBy(findings, unitOf).values()].map((list) =>
    Math.max(...list.map(({ severity }) => lost[severity])),
  )
  const share = 1 - loss.reduce((sum, one) => sum + one, 0) / Math.max(units, 1)
  return Math.floor(Math.round(share * 1e6) / 1e4)
}

const keyOf = (system: string, service: string): string => `${system}\0${service}`

const unitOf = ({ system, service }: Finding): string => keyOf(system, service ?? '')

export const familyOf = (rule: string): Family => rule.split('/')[0] as Family
