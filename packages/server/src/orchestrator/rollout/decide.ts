/**
 * What an update does next, from what is there alone: a table of cases (decide.test.ts), no clock
 * and no memory. Whoever asks again after a crash gets the same answer.
 */
export type PlaceView = {
  name: string
  index: number
  /** Made from what the service is to run. */
  current: boolean
  stage: 'serving' | 'idle' | 'leaving'
  /** It answers now. */
  healthy: boolean
  /** It has, for as long as the update watches it, and the gateways know. */
  proven: boolean
  /** It was given up on by an update that goes on all the same. */
  failed: boolean
  /** It is being drained to be exchanged where it is. */
  busy: boolean
}

export type View = {
  wanted: number
  strategy: 'rolling' | 'blue-green' | 'recreate'
  order: 'start-first' | 'stop-first'
  /** 0 is all of them. */
  parallelism: number
  /** Nothing is exchanged: an update of a dependency, a pause between two, a person to decide. */
  held: boolean
  /** What it depends on goes after it. */
  mayLeave: boolean
  /** The former side of blue-green is still the way back. */
  keepsIdle: boolean
  places: readonly PlaceView[]
}

export type Step =
  /** New ones under numbers that are free; `anew` calls back those on their way out first. */
  | { kind: 'add'; count: number; stage: 'serving' | 'idle'; anew: boolean }
  | { kind: 'exchange'; names: string[] }
  | { kind: 'leave'; names: string[] }
  | { kind: 'switch' }

/** The next step, or null: there is none until something happens. */
export const decide = (view: View): Step | null => {
  const all = view.places.filter(({ stage }) => stage !== 'leaving')
  if (view.wanted === 0) return view.mayLeave ? leave(all) : null
  return leave(unused(view, all)) ?? tooMany(view, all) ?? tooFew(view, all) ?? exchange(view, all)
}

const leave = (places: readonly PlaceView[]): Step | null =>
  places.length === 0 ? null : { kind: 'leave', names: places.map(({ name }) => name) }

const sides = (all: readonly PlaceView[]) => {
  const serving = all.filter(({ stage }) => stage === 'serving')
  return {
    current: serving.filter(({ current }) => current),
    outdated: serving.filter(({ current }) => !current),
    green: all.filter(({ stage, current }) => stage === 'idle' && current),
  }
}

/** Of the side that does not serve: what is neither the way back nor about to serve. */
const unused = (view: View, all: readonly PlaceView[]): PlaceView[] => {
  const { current, outdated, green } = sides(all)
  const isThrough = outdated.length === 0 && current.length >= view.wanted
  const former = all.filter((place) => place.stage === 'idle' && !place.current)
  return [...(isThrough ? green : []), ...(view.keepsIdle ? [] : former)]
}

const ready = ({ healthy, proven, busy }: PlaceView): boolean => healthy && proven && !busy

/** An old one goes when a new one has proven itself, and never before. */
const tooMany = (view: View, all: readonly PlaceView[]): Step | null => {
  const { current, outdated } = sides(all)
  if (outdated.length === 0) {
    const worstFirst = current.toSorted(
      (a, b) => Number(a.healthy) - Number(b.healthy) || b.index - a.index,
    )
    return leave(worstFirst.slice(0, Math.max(0, current.length - view.wanted)))
  }
  const surplus = current.filter(ready).length + outdated.length - view.wanted
  const worstFirst = outdated
    .filter(({ busy }) => !busy)
    .toSorted((a, b) => Number(a.healthy) - Number(b.healthy) || a.index - b.index)
  return leave(worstFirst.slice(0, Math.max(0, surplus)))
}

const tooFew = (view: View, all: readonly PlaceView[]): Step | null => {
  const { current, outdated, green } = sides(all)
  const missing = view.wanted - current.length - outdated.length
  if (missing <= 0) return null
  // Nothing serves any more and the other side is there: it is better than nothing.
  if (current.length + outdated.length === 0 && green.length > 0) return { kind: 'switch' }
  return { kind: 'add', count: missing, stage: 'serving', anew: true }
}

const exchange = (view: View, all: readonly PlaceView[]): Step | null => {
  const { current, outdated, green } = sides(all)
  if (view.held || outdated.length === 0) return null
  if (view.strategy === 'blue-green') return blueGreen(view, current.length, green)
  const free = outdated.filter(({ busy }) => !busy)
  if (view.strategy === 'recreate') return inPlace(free)
  const failed = current.filter((place) => place.failed).length
  const coming = current.filter((place) => !ready(place) && !place.failed).length
  const going = view.places.filter((place) => place.stage === 'leaving' && !place.current).length
  const underWay = coming + going + outdated.length - free.length
  const atOnce = view.parallelism === 0 ? view.wanted : view.parallelism
  const room = atOnce - underWay
  if (room <= 0) return null
  const down = free.filter(({ healthy }) => !healthy)
  // Nobody misses one that does not serve, so it need not be waited for.
  if (down.length > 0) return inPlace(down.slice(0, room))
  if (view.order === 'stop-first') return inPlace(free.slice(0, room))
  const total = current.length + outdated.length
  const count = Math.min(room, view.wanted - current.length, view.wanted + atOnce + failed - total)
  return count <= 0 ? null : { kind: 'add', count, stage: 'serving', anew: false }
}

const inPlace = (places: readonly PlaceView[]): Step | null =>
  places.length === 0 ? null : { kind: 'exchange', names: places.map(({ name }) => name) }

const blueGreen = (view: View, serving: number, green: readonly PlaceView[]): Step | null => {
  const missing = view.wanted - serving - green.length
  if (missing > 0) return { kind: 'add', count: missing, stage: 'idle', anew: false }
  return green.every(ready) ? { kind: 'switch' } : null
}
