import type { ServiceSpec } from '@keelson/contract'
import { messageOf } from '../../kernel/errors.ts'
import { serviceIdOf } from '../../registry/index.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { KnownStack } from '../known-stacks.ts'
import type { ConductorDeps, ConductorId } from './conductor-deps.ts'
import type { Editions } from './editions.ts'
import { restartCause } from './steps.ts'
import {
  editionOf,
  isTakenBack,
  wantedCount,
  type Edition,
  type Place,
  type ServiceState,
} from './state.ts'

type AlignDeps = ConductorDeps & {
  id: ConductorId
  busy: ReadonlySet<string>
  editions: Editions
}
export type Word = { cause: string; retry: boolean }

/** Tells registry and keepers what is written down. */
export const createAlign = (deps: AlignDeps) => {
  const { id, keeping, registry, editions, stacks, busy, log } = deps
  let word: Word | null = null
  let declared = ''

  /** During blue-green the service is what serves; otherwise what it is to become. */
  const shownEdition = (state: ServiceState): Edition | undefined => {
    const { rollout } = state
    const isBefore = rollout?.strategy === 'blue-green' && rollout.phase === 'running'
    return editionOf(state, isBefore ? (rollout.from ?? rollout.to) : state.aim)
  }

  const declare = async (known: KnownStack, state: ServiceState): Promise<void> => {
    const edition = shownEdition(state)
    if (edition === undefined || !state.declared) return
    const resolved = await editions.resolve(known.spec, edition)
    const replicas = wantedCount(state)
    const spec = { ...asApplied(known, edition.spec), probe: resolved.spec.probe, replicas }
    const { injected, upstreams } = resolved
    const shown = JSON.stringify([spec, injected, upstreams])
    if (shown === declared && registry.findService(serviceIdOf(id.stack, id.service)) !== undefined)
      return
    declared = shown
    keeping.declare(known, spec, resolved)
  }

  /** Access goes by these, and is the file's: no service goes back to others by itself, or by an update. */
  const asApplied = (known: KnownStack, spec: ServiceSpec): ServiceSpec => {
    const applied = known.spec.services.find(({ name }) => name === id.service)
    if (applied === undefined) return spec
    const { owner: _former, ...rest } = spec
    const { labels, owner } = applied
    return { ...rest, labels, ...(owner === undefined ? {} : { owner }) }
  }

  const causeFor = (state: ServiceState, place: Place, former: string | null): string => {
    if (former === null || former === place.digest) return word?.cause ?? 'it should run'
    if (isTakenBack(state)) return 'taken back to what it was before'
    return word?.cause ?? `updated to revision ${editionOf(state, place.digest)?.revision ?? '?'}`
  }

  const aim = async (known: KnownStack, state: ServiceState, place: Place): Promise<void> => {
    const keeper = known.keepers.get(place.name)
    const digest = keeper?.goal.kind === 'run' ? keeper.goal.wish.digest : null
    const edition = editionOf(state, place.digest)
    if (edition === undefined || (digest === place.digest && word === null)) return
    const service = await editions.resolve(known.spec, edition)
    const spec = { ...service.spec, replicas: state.count }
    const wanted = await editions.placeOf(id.stack, spec, place)
    // Meanwhile it may have been told to go.
    if (deps.places.find(id.stack, id.service) !== state) return
    const cause = causeFor(state, place, digest)
    const wish = { ...service, spec, digest: place.digest }
    // What failed and is about to be exchanged is not tried once more before.
    const isWorthIt = place.digest === state.aim || (keeper?.held ?? null) !== null
    keeping.aim(known, wish, wanted, { cause, retry: (word?.retry ?? false) && isWorthIt })
    endReplaced(state, place)
  }

  /** Whether new requests come to it, and whether it counts as one of the service. */
  const route = (keeper: Keeper | undefined, { name, stage }: Place): void => {
    keeper?.setAside(stage !== 'serving')
    registry.setDraining(name, stage !== 'serving' || busy.has(name))
  }

  /** A restart that is written down and not done: it was put off, or the life before was killed. */
  const endReplaced = (state: ServiceState, { name, replaces }: Place): void => {
    const keeper = stacks.keepers.get(name)
    if (replaces === null || keeper?.observed?.incarnation !== replaces) return
    keeper.restart(state.restartCause ?? restartCause)
  }

  const tryTo = async (what: string, work: () => Promise<void>): Promise<boolean> => {
    try {
      await work()
      return true
    } catch (error) {
      log.warn({ ...id, subject: what, reason: messageOf(error) }, 'cannot be told what to run yet')
      return false
    }
  }

  return {
    /** With the next look every instance is told again what it is to be. */
    tell(next: Word): void {
      word = next
    },

    /** False: something could not be found out yet, and what runs is left as it is. */
    async align(known: KnownStack, state: ServiceState): Promise<boolean> {
      const told = word
      // Before anybody looks whether it is well: it is as long as nobody has told it.
      for (const place of state.places) endReplaced(state, place)
      let complete = await tryTo(id.service, () => declare(known, state))
      for (const place of state.places) {
        if (place.stage !== 'leaving')
          complete = (await tryTo(place.name, () => aim(known, state, place))) && complete
        // Another change has come in between: it is looked at anew.
        if (deps.places.find(id.stack, id.service) !== state) return complete
      }
      // Who comes before who goes, in one turn: at no moment is there nobody to take a request.
      const comers = state.places.filter(({ stage }) => stage === 'serving')
      const others = state.places.filter(({ stage }) => stage !== 'serving')
      for (const place of [...comers, ...others]) route(stacks.keepers.get(place.name), place)
      if (complete && told === word) word = null
      return complete
    },
  }
}
