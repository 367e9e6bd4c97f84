import type { PlacedInstance, Rollout } from '@keelson/contract'

export type Block = {
  name: string
  kind: 'serving' | 'ready' | 'kept' | 'starting' | 'draining' | 'failing' | 'gone'
}

type Sides = { old: Block[]; fresh: Block[] }

/**
 * The instances of a service in the middle of an update: those of the revision before, and those of
 * the new one. Where the instances do not say what they were started from, the count has to do.
 */
export const sidesOf = (rollout: Rollout, instances: readonly PlacedInstance[]): Sides => {
  const old = instances.filter((instance) => isOld(instance, rollout)).map(blockOf)
  const fresh = instances.filter((instance) => !isOld(instance, rollout)).map(blockOf)
  if (old.length > 0 || fresh.length > 0) return { old, fresh }
  const place = (side: string, kind: Block['kind'], count: number): Block[] =>
    Array.from({ length: Math.max(0, count) }, (_, index) => ({
      name: `${side} ${index + 1}`,
      kind,
    }))
  return {
    old: place('old', 'serving', rollout.total - rollout.done),
    fresh: place('new', 'serving', rollout.done),
  }
}

const isOld = ({ revision, outdated }: PlacedInstance, rollout: Rollout): boolean =>
  revision === null ? outdated : revision < rollout.toRevision

const blockOf = ({ name, state, phase, ...place }: PlacedInstance): Block => {
  if (phase === 'stopping' || phase === 'stopped') return { name, kind: 'gone' }
  if (place.draining) return { name, kind: 'draining' }
  if (place.standby && state === 'healthy') return { name, kind: place.outdated ? 'kept' : 'ready' }
  if (state === 'healthy') return { name, kind: 'serving' }
  return { name, kind: state === 'unhealthy' || phase === 'failed' ? 'failing' : 'starting' }
}
