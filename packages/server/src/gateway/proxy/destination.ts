import type { Consumer } from '../config/model.ts'
import type { SplitAsk } from './balance/policies/split.ts'
import type { RequestAsk } from './request-ask.ts'
import { escapePath } from './router/index.ts'
import { upstreamPath } from './router/upstream-path.ts'
import type { Way } from './way.ts'
import type { Variant } from './target.ts'

/** Where a request of a service that is split goes: the service itself, or one of its variants. */
export const destinationOf = (way: Way, ask: RequestAsk, consumer: Consumer | null): Way => {
  const { policies, variants } = way.target
  if (policies === null || policies.split === null) return way
  const chosen = policies.split.choose(splitAskOf(ask, consumer))
  const variant = chosen === null ? undefined : variants.get(chosen)
  return variant === undefined ? way : wayTo(way, variant)
}

export const splitAskOf = (ask: RequestAsk, consumer: Consumer | null): SplitAsk => ({
  header: (name) => ask.header(name),
  consumer: consumer === null ? nobody : namesOf(consumer),
  caller: consumer?.id ?? ask.clientIp,
})

const nobody: readonly string[] = []

const namesOf = ({ id, username, custom_id: customId }: Consumer): string[] =>
  [id, username, customId].filter((name) => name !== null)

/** The same way, to another service. */
export const wayTo = (way: Way, { target, servicePath }: Variant): Way => {
  const { plan } = way
  if (plan === null || servicePath === (plan.service?.path ?? null)) return { ...way, target }
  const { strip_path: stripPath, path_handling: pathHandling } = plan.route
  const path = upstreamPath(
    { stripPath, pathHandling, servicePath },
    way.path,
    way.matchedLength || 1,
  )
  return { ...way, target, upstreamPath: escapePath(path) }
}
