import { withoutNextStart, type Rollout, type StackSpec } from '@keelson/contract'
import type { Context } from '../context.ts'
import type { Platform } from '../platform.ts'

export type Updates = {
  /** Services whose update is on its way. */
  underWay: ReadonlySet<string>
  failed: Rollout | undefined
}

/**
 * Updates that exchange instances while the old ones still serve: a stack is healthy all the time,
 * and up only when they are through. One that ended before `since` is none of this command's.
 * Throws where the platform gives no answer: nothing is known then, least of all that they are done.
 */
export const readUpdates = async (
  { platform, spec }: { platform: Platform; spec: StackSpec },
  since: number,
): Promise<Updates> => {
  const names = new Set(spec.services.map(({ name }) => name))
  const { rollouts } = await platform.call('getStackState', { params: { stack: spec.name } })
  const own = rollouts.filter(({ service, endedAt }) => {
    return names.has(nameOf(service)) && (endedAt === null || Date.parse(endedAt) >= since)
  })
  const underWay = own.filter(({ phase }) => phase === 'running' || phase === 'rolling_back')
  return {
    underWay: new Set(underWay.map(({ service }) => nameOf(service))),
    failed: own.find(({ phase }) => phase === 'paused' || phase === 'rolled_back'),
  }
}

const nameOf = (service: string): string => service.split('/').at(-1) ?? service

export const describeFailedUpdate = (
  { service, phase, text, toRevision }: Rollout,
  { context, spec }: { context: Context; spec: StackSpec },
): string => {
  const { red, bold } = context.output.messageColors
  const how = phase === 'rolled_back' ? 'was rolled back' : 'is paused'
  const why = withoutNextStart(text)
  const reason = why === '' ? '' : `: ${why}`
  return [
    `${red('✗')} The update of ${service} to revision ${toRevision} ${how}${reason}`,
    `  ${bold('Try:')} keelson why ${spec.name}/${nameOf(service)}`,
  ].join('\n')
}
