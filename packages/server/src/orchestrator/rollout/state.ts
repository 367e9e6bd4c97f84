import type { rolloutPhases, ServiceSpec } from '@keelson/contract'

/**
 * What is to run of one service, as it is written down. Everything an update does next follows
 * from this and from what the instances say, so a new Keelson goes on where the last one was killed.
 */
export type ServiceState = ServiceDocument & {
  stack: string
  service: string
  places: readonly Place[]
}

export type ServiceDocument = {
  /** False once no file asks for it any more. */
  declared: boolean
  /** Digest of the edition all places are to run in the end; null before the first. */
  aim: string | null
  /** Instances the file, or `keelson scale`, asks for. */
  count: number
  /** Every place with a lower round is still to be restarted. */
  round: number
  restartCause: string | null
  stopped: Stopped | null
  scaled: Scaled | null
  /** What instances are made from: the aim, and what there is a way back to. */
  editions: readonly Edition[]
  rollout: RolloutState | null
}

/** Who stopped it; `with`: the service whose stop took it along. */
export type Stopped = { by: string; with: string | null }
/** Holds until the stack is applied again; `over`: what the file asks for. */
export type Scaled = { replicas: number; over: number; by: string }

export type Edition = {
  digest: string
  /** Revision of the stack it came with. */
  revision: number
  spec: ServiceSpec
  /** Of a container: its tag may mean another image by now. */
  imageId: string | null
}

/** `idle`: runs without being routed to. `leaving`: is drained, stopped and forgotten. */
export type Stage = 'serving' | 'idle' | 'leaving'

export type Place = {
  name: string
  index: number
  digest: string
  round: number
  stage: Stage
  proven: boolean
  failed: boolean
  /** The incarnation that a restart has still to end; another one, or none, is through with it. */
  replaces: string | null
}

export type RolloutState = {
  strategy: 'rolling' | 'blue-green' | 'recreate'
  phase: (typeof rolloutPhases)[number]
  /** Digests; null when there is nothing to go back to. */
  from: string | null
  to: string
  fromRevision: number | null
  toRevision: number
  total: number
  done: number
  text: string
  /** Milliseconds of the clock on the wall, here and below. */
  startedAt: number
  endedAt: number | null
  /** When the last instance was through. */
  advancedAt: number | null
  /** Of blue-green: until when the former ones are kept running. */
  keptUntil: number | null
}

export const emptyState = (stack: string, service: string): ServiceState => ({
  ...{ stack, service, places: [], declared: true, aim: null, count: 0, round: 0 },
  ...{ restartCause: null, stopped: null, scaled: null, editions: [], rollout: null },
})

const underWay: ReadonlySet<RolloutState['phase']> = new Set(['running', 'rolling_back'])
export const isUnderWay = ({ rollout }: ServiceState): boolean =>
  rollout !== null && underWay.has(rollout.phase)

/** It went, or goes, back to what it was before; the file asks for something else. */
export const isTakenBack = ({ rollout }: ServiceState): boolean =>
  rollout?.phase === 'rolling_back' || rollout?.phase === 'rolled_back'

export const wantedCount = ({ declared, stopped, count }: ServiceState): number =>
  !declared || stopped !== null ? 0 : count

export const editionOf = (
  { editions }: Pick<ServiceState, 'editions'>,
  digest: string | null,
): Edition | undefined => editions.find((edition) => edition.digest === digest)

/** What its instances are made from now; during an update several. */
export const runningEditions = ({ editions, places }: ServiceState): Edition[] =>
  editions.filter(({ digest }) => places.some((place) => place.digest === digest))

/** Made from what the service is to run, and through the last restart. */
export const isCurrent = ({ aim, round }: ServiceState, place: Place): boolean =>
  place.digest === aim && place.round >= round

export const staying = ({ places }: ServiceState): Place[] =>
  places.filter(({ stage }) => stage !== 'leaving')
