import type { State } from '@keelson/contract'
import type { Colors } from '../output.ts'
import type { ServiceProgress } from './progress.ts'

/** State as mark, word and colour together: none of them has to be seen for the others to tell. */
export const markOfState: Record<State, string> = {
  healthy: '✓',
  starting: '…',
  stopped: '○',
  unknown: '?',
  degraded: '!',
  unhealthy: '✗',
}

export const paintState = (state: State, colors: Colors) => {
  const paints: Record<State, (text: string) => string> = {
    healthy: colors.green,
    starting: colors.cyan,
    stopped: colors.dim,
    unknown: colors.magenta,
    degraded: colors.yellow,
    unhealthy: colors.red,
  }
  return paints[state]
}

export const wordOf = (service: Pick<ServiceProgress, 'outcome' | 'state'>): string =>
  service.outcome === 'done' || service.outcome === 'failed' ? service.outcome : service.state

export const paintProgress = (service: ServiceProgress, colors: Colors) => {
  if (service.outcome === 'done') return colors.green
  if (service.outcome === 'failed') return colors.red
  return paintState(service.state, colors)
}

export const markOf = (service: ServiceProgress): string => {
  if (service.outcome === 'done') return markOfState.healthy
  if (service.outcome === 'failed') return markOfState.unhealthy
  return markOfState[service.state]
}
