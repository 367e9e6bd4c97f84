import type { AlertingEvidence } from '../systems/system.ts'
import type { ConfigNode } from './config-node.ts'
import { readQuery } from './promql.ts'

type Rules = Pick<AlertingEvidence, 'rules' | 'faults'>

/** Groups of alerting and recording rules. Loki's have the same form; their LogQL is left alone. */
export const readPrometheusRules = (root: ConfigNode): Rules => {
  const rules: AlertingEvidence['rules'][number][] = []
  const faults: AlertingEvidence['faults'][number][] = []
  const groups = root.get('groups')?.items() ?? []
  for (const rule of groups.flatMap((group) => group.get('rules')?.items() ?? [])) {
    const alert = rule.get('alert') ?? rule.get('record')
    const expression = rule.get('expr')
    const [name, query] = [alert?.text(), expression?.text()]
    if (alert === undefined || expression === undefined) continue
    if (name === undefined || query === undefined) continue
    const isForeign = isOtherLanguage(query)
    const { metrics, faultAt } = isForeign ? { metrics: [], faultAt: undefined } : readQuery(query)
    rules.push({
      ...{ ...rule.at, name, metrics, by: undefined },
      kind: rule.get('alert') === undefined ? 'record' : 'alert',
      labels: new Map(
        (rule.get('labels')?.entries() ?? []).map(({ key, value }) => [key, value.text() ?? '']),
      ),
    })
    if (faultAt !== undefined) {
      const near = query.slice(faultAt, faultAt + 20).trim()
      const where = near === '' ? 'it ends too early' : `at "${near}"`
      faults.push({ ...expression.at, message: `${name} cannot be parsed: ${where}` })
    }
  }
  return { rules, faults }
}

/** LogQL has pipes, templates have braces: neither is PromQL. */
const isOtherLanguage = (query: string): boolean => {
  if (/\{\{|\$\{|<%|%\(/.test(query)) return true
  return query.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '""').includes('|')
}
