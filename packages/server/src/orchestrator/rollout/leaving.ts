import { messageOf } from '../../kernel/errors.ts'
import type { KnownStack } from '../known-stacks.ts'
import type { ConductorDeps, ConductorId } from './conductor-deps.ts'
import { drainMs } from './policy.ts'
import { editionOf, isUnderWay, type Place, type ServiceState } from './state.ts'

type LeavingDeps = ConductorDeps & { id: ConductorId; wake: () => void }

/** What is to go: drained, stopped, forgotten. Each by itself, so a slow one holds up nobody. */
export const createLeaving = (deps: LeavingDeps) => {
  const { id, places, stacks, keeping, look, log, clock } = deps
  const going = new Set<string>()

  const placeOf = (name: string): Place | undefined =>
    places.find(id.stack, id.service)?.places.find((place) => place.name === name)
  const isLeaving = (name: string): boolean => placeOf(name)?.stage === 'leaving'

  const drain = async (state: ServiceState, { name, digest }: Place): Promise<void> => {
    if (!look.isServing(name)) return
    const grace = editionOf(state, digest)?.spec ?? { stopGraceMs: 0 }
    const { drained, inFlight } = await deps.drain().drained([name], { timeoutMs: drainMs(grace) })
    if (!drained) log.warn({ instance: name, inFlight }, 'stopped with requests under way')
  }

  const see = async (known: KnownStack, state: ServiceState, place: Place): Promise<void> => {
    const { name } = place
    await drain(state, place)
    const keeper = stacks.keepers.get(name)
    if (!isLeaving(name)) return
    if (keeper?.id.service === id.service) await keeping.retire(known, keeper, causeOf(state))
    // Another may have its name by now: a change of the runtime.
    if (!isLeaving(name) || stacks.keepers.get(name)?.id.service === id.service) return
    await places.change(id.stack, (draft) => {
      const now = draft.get(id.service)
      const left = now.places.filter((one) => one.name !== name || one.stage !== 'leaving')
      draft.put({ ...now, places: left })
    })
  }

  return {
    attend(known: KnownStack, state: ServiceState): void {
      for (const place of state.places) {
        if (place.stage !== 'leaving' || going.has(place.name)) continue
        going.add(place.name)
        see(known, state, place)
          .catch((error: unknown) => {
            log.warn({ instance: place.name, reason: messageOf(error) }, 'is not gone yet')
            return new Promise<void>((resolve) => clock.setTimer(resolve, retryMs))
          })
          .finally(() => {
            going.delete(place.name)
            deps.wake()
          })
      }
    },
  }
}

const retryMs = 1000

const causeOf = (state: ServiceState): string => {
  if (!state.declared) return 'the file does not ask for it'
  if (state.stopped !== null) {
    const { by, with: other } = state.stopped
    return other === null ? `stopped by ${by}` : `stopped with ${other} by ${by}`
  }
  if (isUnderWay(state) || state.rollout?.phase === 'switched') return 'another one has its place'
  return `${state.count} of ${state.service} ${state.count === 1 ? 'is' : 'are'} wanted`
}
