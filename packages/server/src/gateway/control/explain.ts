import type { GatewayExplanation } from '@keelson/contract'
import type { NodeExplanation } from '../node-states.ts'
import type { PluginTable } from '../plugins/index.ts'
import type { GatewayDocument } from '../snapshot.ts'
import { scopeOf, type RouteFacts } from './route-rows.ts'

/** What a gateway has answered, with the names that people know. */
export const explainAnswer = (
  { routes, plugins, upstream, captures, note }: NodeExplanation,
  facts: readonly RouteFacts[],
  documents: readonly GatewayDocument[],
  table: PluginTable,
): GatewayExplanation => {
  const byKey = new Map(facts.map((one) => [one.key, one]))
  const entities = new Map(
    documents.flatMap(({ config }) => config.plugins).map((entity) => [entity.id, entity]),
  )
  const told = routes.flatMap(({ key, outcome, reason }) => {
    const fact = byKey.get(key)
    return fact === undefined
      ? []
      : [{ id: fact.id, name: fact.name, manager: fact.manager, outcome, reason, fact }]
  })
  const winner = told.find(({ outcome }) => outcome === 'wins')?.fact
  return {
    sentence: sentenceOf(winner, upstream, note),
    routes: told.map(({ fact: _fact, ...one }) => one),
    plugins: plugins.flatMap(({ id, phases }) => {
      const entity = entities.get(id)
      if (entity === undefined) return []
      const { name } = entity
      const priority = table.get(name)?.priority ?? 0
      return [{ id, name, priority, scope: scopeOf(entity), phases: [...phases] }]
    }),
    upstream: upstream === null ? null : { ...upstream, others: [...upstream.others] },
    captures: { ...captures },
  }
}

const sentenceOf = (
  winner: RouteFacts | undefined,
  upstream: GatewayExplanation['upstream'],
  note: string | null,
): string => {
  if (winner === undefined) return note ?? 'No route takes this request.'
  const name = winner.name ?? winner.id
  if (note !== null) return `${name} takes it: ${note}`
  if (upstream === null) return `${name} takes it, and its plugins answer.`
  const to = winner.service?.fleet ?? winner.service?.name ?? winner.service?.url ?? ''
  return upstream.target === null
    ? `${name} takes it, but no target of ${to} can be reached.`
    : `${name} takes it to ${upstream.target} of ${to}.`
}
