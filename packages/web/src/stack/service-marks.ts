import type { Drift, PlacedInstance, StackServiceState } from '@keelson/contract'
import { countOf } from '../ui/format.ts'
import type { IconName } from '../ui/icon.tsx'

/** Something about a service that is not as its file says: always an icon and words. */
export type Mark = { icon: IconName; tone: string; text: string; title: string }

/** A person asked for it since: no fault, and marked in its own words. */
export const isByRequest = ({ kind }: Drift): boolean =>
  kind === 'stopped_by_request' || kind === 'scaled_by_request'

export const marksOf = (
  { facts, instances, replicas, stoppedBy }: StackServiceState,
  drift: readonly Drift[],
): Mark[] => {
  const marks: Mark[] = []
  const differing = facts.filter(({ differs }) => differs)
  if (differing.length > 0) {
    marks.push({
      icon: 'drift',
      tone: 'is-degraded',
      text: countOf(differing.length, 'difference'),
      title: `Runs otherwise than the file says: ${differing.map(({ path }) => path).join(', ')}`,
    })
  }
  const others = drift.filter((one) => !isByRequest(one))
  if (others.length > 0 && differing.length === 0) {
    marks.push({
      icon: 'drift',
      tone: 'is-degraded',
      text: 'drifted',
      title: others.map(({ text }) => text).join('; '),
    })
  }
  if (stoppedBy !== null) {
    const title = `Stopped by ${stoppedBy}, until it is started again`
    marks.push({ icon: 'stopped', tone: 'is-stopped', text: 'stopped on request', title })
  }
  if (replicas.wanted !== replicas.declared) {
    marks.push({
      icon: 'info',
      tone: 'is-starting',
      text: `scaled to ${replicas.wanted}`,
      title: `The file says ${replicas.declared}`,
    })
  }
  const outdated = instances.filter(isOutdated).length
  if (outdated > 0) {
    const text = `${outdated} outdated`
    const title = 'Runs another definition than the one that is applied'
    marks.push({ icon: 'undo', tone: 'is-degraded', text, title })
  }
  const kept = instances.filter(({ outdated, standby }) => outdated && standby).length
  if (kept > 0) {
    const title = 'Of the revision before; requests go to the new ones'
    marks.push({ icon: 'pause', tone: 'is-starting', text: `${kept} kept for a way back`, title })
  }
  return marks
}

/** One that is kept for a way back is as it should be. */
const isOutdated = ({ outdated, standby }: PlacedInstance): boolean => outdated && !standby

/** Revisions that run: `4`, or `3, 4` in the middle of an update. */
export const revisionsOf = (instances: readonly PlacedInstance[]): string => {
  const numbers = instances.flatMap(({ revision }) => revision ?? [])
  const unique = [...new Set(numbers)].toSorted((a, b) => a - b)
  return unique.length === 0 ? '–' : unique.join(', ')
}

/** What a service is made from, in the file and in truth: its image, its build, or its command. */
export const madeFrom = ({
  facts,
}: StackServiceState): { what: string; declared: string | null; running: string | null } => {
  for (const what of ['image', 'build', 'command', 'entrypoint']) {
    const fact = facts.find(({ path }) => path === what)
    if (fact !== undefined) return { what, declared: fact.declared, running: fact.running }
  }
  return { what: '', declared: null, running: null }
}
