import type { Rollout } from '@keelson/contract'
import { canGoBack } from './aim.ts'
import type { Look } from './look.ts'
import { isCurrent, isUnderWay, staying, type ServiceState } from './state.ts'

/** The update of a service on its way, or the last one, as people see it. */
export const describeRollout = (
  state: ServiceState,
  look: Look,
  blocker: string | null,
): Rollout | null => {
  const { rollout } = state
  if (rollout === null) return null
  const { strategy, phase, fromRevision, toRevision, done, total } = rollout
  return {
    ...{ service: state.service, strategy, phase, fromRevision, toRevision, done, total },
    text: isUnderWay(state) ? textOf(state, look, blocker) : rollout.text,
    startedAt: new Date(rollout.startedAt).toISOString(),
    endedAt: rollout.endedAt === null ? null : new Date(rollout.endedAt).toISOString(),
    canRollBack: canGoBack(state),
  }
}

const textOf = (state: ServiceState, look: Look, blocker: string | null): string => {
  if (blocker !== null) return `waiting for the update of ${blocker}`
  const coming = staying(state).find((place) => isCurrent(state, place) && !place.proven)
  if (coming === undefined) return state.rollout?.text ?? ''
  return look.wellForMs(coming) === null
    ? `${coming.name}: ${look.reasonOf(coming.name)}`
    : `${coming.name} is healthy and watched for a moment`
}
