import type { State } from '@keelson/contract'
import { Icon } from './icon.tsx'

/** How each state is shown: always icon, word and colour together. Worst first. */
export const stateNames = {
  unhealthy: 'Unhealthy',
  degraded: 'Degraded',
  unknown: 'Unknown',
  starting: 'Starting',
  stopped: 'Stopped',
  healthy: 'Healthy',
} as const satisfies Record<State, string>

export const statesWorstFirst = Object.keys(stateNames) as State[]

export const isState = (text: string): text is State => Object.hasOwn(stateNames, text)

/** Place of a state from the worst (0) to the best. */
export const rankOfState = (state: State): number => statesWorstFirst.indexOf(state)

export const StateLabel = ({ state, pill = false }: { state: State; pill?: boolean }) => (
  <span className={`state is-${state}${pill ? ' pill' : ''}`}>
    <Icon name={state} size={pill ? 15 : 16} />
    {stateNames[state]}
  </span>
)

/** Where the word would only repeat itself (a row under a heading), it is read but not drawn. */
export const StateIcon = ({ state }: { state: State }) => (
  <span className={`toned is-${state}`} title={stateNames[state]}>
    <Icon name={state} />
    <span className="sr-only">{stateNames[state]}</span>
  </span>
)
