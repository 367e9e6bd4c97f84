import type { ServiceSummary, StackState, State } from '@keelson/contract'
import { countOf } from '../ui/format.ts'

type Verdict = { state: State; sentence: string }

/**
 * How a stack is, in one sentence: what is down and what only suffers from it, as the platform's own
 * verdict says it, then what is being updated, and what is not as the file says.
 */
export const verdictOf = ({ services, drift, rollouts }: StackState): Verdict => {
  const summaries = services.map(({ summary }) => summary)
  const problems = summaries.filter(({ state }) => state !== 'healthy' && state !== 'stopped')
  const own = problems.filter(({ cause }) => cause === null)
  const affected = problems.filter(({ cause }) => cause !== null)
  const updating = rollouts.filter(({ endedAt }) => endedAt === null)
  const of = (state: State) => own.filter((service) => service.state === state)
  const parts = [
    problems.length === 0 ? allWell(summaries) : '',
    told(of('unhealthy'), 'down'),
    told(of('degraded'), 'degraded'),
    told(of('unknown'), 'out of sight'),
    told(of('starting'), 'starting'),
    affected.length === 0 ? '' : `${listOf(affected)} affected`,
    told(
      updating.map(({ service }) => ({ name: service })),
      'being updated',
    ),
    drift.length === 0 ? '' : `${countOf(drift.length, 'thing')} drifted`,
  ].filter((part) => part !== '')
  const isScaled = services.some(({ replicas }) => replicas.wanted !== replicas.declared)
  const asApplied =
    drift.length === 0 && updating.length === 0 && problems.length === 0 && !isScaled
  return {
    state: worstOf(problems.length === 0 ? summaries : problems),
    sentence:
      asApplied && summaries.length > 0 ? `${parts.join('; ')}, as applied` : parts.join('; '),
  }
}

const worstFirst: readonly State[] = ['unhealthy', 'degraded', 'unknown', 'starting']

/** Of a stack without problems: healthy when anything runs. */
const worstOf = (services: readonly ServiceSummary[]): State => {
  const states = services.map(({ state }) => state)
  const isCalm = states.every((state) => state === 'healthy' || state === 'stopped')
  if (isCalm) return states.includes('healthy') ? 'healthy' : 'stopped'
  return worstFirst.find((state) => states.includes(state)) ?? 'stopped'
}

const allWell = (services: readonly ServiceSummary[]): string => {
  const healthy = services.filter(({ state }) => state === 'healthy').length
  const stopped = services.length - healthy
  if (services.length === 0) return 'Nothing is declared'
  if (healthy === 0) return `${countOf(stopped, 'service')} stopped`
  if (stopped > 0) return `${countOf(healthy, 'service')} healthy, ${stopped} stopped`
  return healthy === 1 ? 'Its service is healthy' : `All ${healthy} services are healthy`
}

type Named = { name: string }

const told = (services: readonly Named[], how: string): string => {
  if (services.length === 0) return ''
  return `${listOf(services)} ${services.length === 1 ? 'is' : 'are'} ${how}`
}

const namesMax = 3

const listOf = (services: readonly Named[]): string => {
  const shown = services.slice(0, namesMax).map(({ name }) => name)
  const rest = services.length - shown.length
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ')
}
