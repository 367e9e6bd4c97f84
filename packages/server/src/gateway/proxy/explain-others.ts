import type { Consumer, Service } from '../config/model.ts'
import { splitAskOf, wayTo } from './destination.ts'
import type { RequestAsk } from './request-ask.ts'
import type { Way } from './way.ts'

/** Where a request of a service would go, and sentences on who else gets requests, or copies. */
export const explainOthers = (
  way: Way,
  service: Service,
  { ask, consumer }: { ask: RequestAsk; consumer: Consumer | null },
): { to: Way; service: Service; others: string[] } => {
  const { policies, variants, failover } = way.target
  const { mirror, failover: standIn, split } = service['x-keelson']
  const explained = policies?.split?.explain(splitAskOf(ask, consumer)) ?? nothing
  const { chosen, sentences } = explained
  const variant = chosen === null ? undefined : variants.get(chosen)
  const other = way.plan?.document.config.services.find(({ name }) => name === chosen)
  const others = [...sentences]
  if (split !== undefined && chosen === null) others.push('the rest stays here')
  if (split?.sticky === true) others.push('a caller stays where it was')
  const canary = policies?.canary?.state()
  if (canary !== undefined) others.push(`canary ${canary.outcome}: ${canary.reason}`)
  if (mirror !== undefined) {
    others.push(`copies of ${mirror.percent} % go to ${mirror.service}, whose answers nobody reads`)
  }
  if (failover !== null) others.push(`${standIn} takes over when no target here is well`)
  if (variant === undefined || other === undefined) return { to: way, service, others }
  return { to: wayTo(way, variant), service: other, others }
}

const nothing = { chosen: null, sentences: [] }
