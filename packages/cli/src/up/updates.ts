import { ProblemError, type Rollout, type StackSpec } from '@keelson/contract'
import type { Context } from '../context.ts'
import type { Platform } from '../platform.ts'

export type Updates = { isDone: boolean; failed: Rollout | undefined }

export const noUpdates: Updates = { isDone: true, failed: undefined }

/**
 * Updates that exchange instances while the old ones still serve: a stack is healthy all the time,
 * and up only when they are through. One that ended before `since` is none of this command's.
 */
export const readUpdates = async (
  { platform, spec }: { platform: Platform; spec: StackSpec },
  since: number,
): Promise<Updates> => {
  const names = new Set(spec.services.map(({ name }) => name))
  const rollouts = await readRollouts(platform, spec.name)
  const own = rollouts.filter(({ service, endedAt }) => {
    const isOwn = names.has(service.split('/').at(-1) ?? service)
    return isOwn && (endedAt === null || Date.parse(endedAt) >= since)
  })
  return {
    isDone: own.every(({ phase }) => phase !== 'running' && phase !== 'rolling_back'),
    failed: own.find(({ phase }) => phase === 'paused' || phase === 'rolled_back'),
  }
}

/** A platform that is away for a moment tells nothing: it is asked again. */
const readRollouts = async (platform: Platform, stack: string): Promise<Rollout[]> => {
  try {
    return (await platform.call('getStackState', { params: { stack } })).rollouts
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status !== 404) throw error
    return []
  }
}

export const describeFailedUpdate = (
  { service, phase, text, toRevision }: Rollout,
  { context, spec }: { context: Context; spec: StackSpec },
): string => {
  const { red, bold } = context.output.messageColors
  const how = phase === 'rolled_back' ? 'was rolled back' : 'is paused'
  const reason = text === '' ? '' : `: ${text}`
  return [
    `${red('✗')} The update of ${service} to revision ${toRevision} ${how}${reason}`,
    `  ${bold('Try:')} keelson why ${spec.name}/${service.split('/').at(-1) ?? service}`,
  ].join('\n')
}
