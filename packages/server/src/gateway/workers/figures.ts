import type { NodeStates, RouteCounters } from '../node-states.ts'
import type { TrafficCounters } from '../snapshot.ts'
import { countersOf, mergeExpositions } from './expositions.ts'
import {
  mergeCanaries,
  mergeConnections,
  mergeCounters,
  mergeInFlight,
  mergeRoutes,
  mergeStates,
} from './merge.ts'
import type { FigureName, Plane } from './plane.ts'
import type { Slot } from './slot.ts'

type Counted = { counters: TrafficCounters[]; metrics: string; routes: readonly RouteCounters[] }

const nothing = (): Counted => ({ counters: [], metrics: '', routes: [] })

export type Figures = ReturnType<typeof createFigures>

/**
 * What the workers count, added up. Who reads counters takes differences, so what a worker had
 * counted that is lost stays in the sum, as it was last heard of.
 */
export const createFigures = (slots: readonly Slot[]) => {
  const heard = slots.map(nothing)
  let kept = nothing()

  /** Of the workers there are. What is noted is so before the worker can be lost. */
  const askAll = async <T>(
    ask: (slot: Slot) => Promise<T | undefined>,
    noted: (value: T) => Partial<Counted> = () => ({}),
  ): Promise<T[]> => {
    const answers = await Promise.all(
      slots.map(async (slot, at) => {
        const answer = await ask(slot)
        if (answer !== undefined) heard[at] = { ...nothing(), ...heard[at], ...noted(answer) }
        return answer
      }),
    )
    return answers.filter((answer) => answer !== undefined)
  }

  const figure =
    <N extends FigureName>(name: N) =>
    (slot: Slot) =>
      slot.ask('figure', name) as ReturnType<Plane[N]>

  const ownMetrics = (): string => {
    const [serving, restarts] = ['keelson_gateway_workers', 'keelson_gateway_worker_restarts_total']
    return (
      `# HELP ${serving} Workers that serve.\n# TYPE ${serving} gauge\n` +
      `${serving} ${slots.filter((slot) => slot.isServing()).length}\n` +
      `# HELP ${restarts} Workers that were started in place of one that was lost.\n` +
      `# TYPE ${restarts} counter\n` +
      `${restarts} ${slots.reduce((sum, slot) => sum + slot.restarts(), 0)}\n`
    )
  }

  return {
    read: {
      canaries: async () => mergeCanaries(await askAll(figure('canaries'))),
      connections: async () => mergeConnections(await askAll(figure('connections'))),
      counters: async () => {
        await askAll(figure('counters'), (counters) => ({ counters }))
        return mergeCounters([kept, ...heard].flatMap(({ counters }) => counters))
      },
      metrics: async () => {
        await askAll(figure('metrics'), (metrics) => ({ metrics }))
        return ownMetrics() + mergeExpositions([kept, ...heard].map(({ metrics }) => metrics))
      },
      inFlight: async () => mergeInFlight(await askAll(figure('inFlight'))),
      isDraining: async () => (await askAll(figure('isDraining'))).includes(true),
      problems: async () => {
        const all = (await askAll(figure('problems'))).flat()
        return [...new Set([...slots.flatMap((slot) => slot.problem() ?? []), ...all])]
      },
    } satisfies Pick<Plane, FigureName>,

    async states(): Promise<NodeStates> {
      const all = await askAll(
        (slot) => slot.ask('answer', { kind: 'states' }) as Promise<NodeStates | undefined>,
        ({ routes }) => ({ routes }),
      )
      const routes = mergeRoutes([kept, ...heard].flatMap((of) => of.routes))
      return { ...mergeStates(all), routes }
    },

    /** The worker of this slot is lost. */
    keep(at: number): void {
      const last = heard[at] ?? nothing()
      heard[at] = nothing()
      kept = {
        counters: mergeCounters([...kept.counters, ...last.counters]),
        metrics: mergeExpositions([kept.metrics, countersOf(last.metrics)]),
        routes: mergeRoutes([...kept.routes, ...last.routes]),
      }
    },
  }
}
