import type { GatewayCanaryState, GatewayRouteRow } from '@keelson/contract'
import type { Service } from '../config/model.ts'
import type { SplitTuning } from '../config/tuning.ts'
import { movingRule } from '../proxy/balance/policies/split.ts'
import { splitDigest } from '../proxy/splits.ts'
import type { GatewayCanary, GatewayDocument } from '../snapshot.ts'

/** Null when the service has no canary. */
export const canaryKeyOf = ({ manager }: GatewayDocument, service: Service): string | null => {
  const { split } = service['x-keelson']
  if (split?.canary === undefined) return null
  return keyOf({ manager, service: service.id, split: splitDigest(split) })
}

const keyOf = ({
  manager,
  service,
  split,
}: Pick<GatewayCanary, 'manager' | 'service' | 'split'>): string =>
  `${manager}\n${service}\n${split}`

/** As long as no gateway has told of it. */
export const firstCanaryState = (split: SplitTuning | undefined): GatewayCanaryState | null => {
  if (split?.canary === undefined) return null
  const { steps } = split.canary
  const to = split.rules[movingRule(split) ?? -1]?.service ?? ''
  return {
    ...{ to, outcome: 'moving', step: 1, steps: [...steps], percent: steps[0] ?? 100 },
    ...{ reason: 'no gateway has told of it yet', since: null },
  }
}

/** A service with how far its canary has come. */
export const withCanary = (
  service: GatewayRouteRow['service'],
  canaryKey: string | null,
  canaries: readonly GatewayCanary[],
): GatewayRouteRow['service'] => {
  const kept =
    canaryKey === null ? undefined : canaries.find((canary) => keyOf(canary) === canaryKey)
  if (kept === undefined || service?.canary == null) return service
  const { outcome, percent, reason, since, step } = kept
  const canary = { ...service.canary, outcome, percent, reason, since, step: step + 1 }
  return { ...service, canary }
}
