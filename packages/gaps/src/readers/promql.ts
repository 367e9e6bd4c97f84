import { parser } from '@prometheus-io/lezer-promql'

export type ReadQuery = {
  /** Names of metrics, each once; names that a variable makes up are left out. */
  metrics: readonly string[]
  /** Offset of the first place that cannot be parsed. */
  faultAt: number | undefined
}

/** Longer than any that was ever seen in a rule file (a few thousand characters). */
const queryLengthMax = 20_000

/** Stands for a variable of a dashboard where a name may stand. */
const variable = '__variable__'

/** The metrics of a PromQL expression. */
export const readQuery = (query: string): ReadQuery => {
  if (query.length > queryLengthMax) return { metrics: [], faultAt: undefined }
  const metrics = new Set<string>()
  let faultAt: number | undefined
  parser.parse(query).iterate({
    enter: (node) => {
      if (node.type.isError) faultAt ??= node.from
      if (node.name === 'Identifier' && node.node.parent?.name === 'VectorSelector') {
        metrics.add(query.slice(node.from, node.to))
      }
      if (node.name === 'QuotedLabelName' || node.name === 'UnquotedLabelMatcher') {
        const name = quotedName(query.slice(node.from, node.to), node.name)
        if (name !== undefined) metrics.add(name)
      }
    },
  })
  return { metrics: [...metrics].filter((name) => !name.includes(variable)), faultAt }
}

/** `{"a.b"}` and `{__name__="a"}` name a metric as well. */
const quotedName = (text: string, node: string): string | undefined => {
  const match =
    node === 'QuotedLabelName'
      ? /^(['"`])([^'"`\\]+)\1$/.exec(text)
      : /^__name__\s*=\s*(['"`])([^'"`\\]+)\1$/.exec(text)
  return match?.[2]
}

/**
 * A dashboard's query as PromQL: its variables (`$job`, `${job:regex}`, `[[job]]`, `$__interval`)
 * become something that may stand in their place.
 */
export const withoutVariables = (query: string): string =>
  query
    .slice(0, queryLengthMax)
    .replace(/\[\[\w+(?::\w+)?\]\]/g, variable)
    .replace(/(offset\s{1,20}-?)(?:\$\{\w+(?::\w+)?\}|\$\w+|__variable__)/g, '$15m')
    .replace(/(\[|:)(\s*)(?:\$\{\w+(?::\w+)?\}|\$\w+|__variable__)(?=\s*[\]:)])/g, '$1$25m')
    .replace(/\$\{\w+(?:[:.][\w.]+)?\}|\$\w+/g, variable)
