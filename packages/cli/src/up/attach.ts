import { exitCodes } from '../exit-code.ts'
import { tableError } from '../failure.ts'
import { findPlatform } from '../platform-file.ts'
import { ensureRunning, type Platform } from '../platform.ts'
import { beginFollowing, describeUp, type FollowOptions } from './follow-stack.ts'
import type { Interrupt } from './interrupt.ts'
import { takeDown } from './take-down.ts'

type AttachOptions = Omit<FollowOptions, 'waitMs' | 'until' | 'signal'> & { interrupt: Interrupt }

/** Restarts of a platform that died, before the person is asked to look. */
const revivalsMax = 5

/**
 * Stays with a stack: shows every change, starts the platform again when it dies (it takes over
 * what still runs), and ends with Ctrl-C, or when somebody else takes the stack down.
 */
export const attach = async (options: AttachOptions): Promise<number> => {
  const { context, reporter, interrupt } = options
  const stack = options.spec.name
  let platform = options.platform
  for (let revivals = 0; ; revivals += 1) {
    const ended = await stay({ ...options, platform })
    if (ended === 'interrupted') return takeDown({ context, stack, reporter, interrupt })
    if (ended === 'removed') {
      reporter.close(
        `${stack} was taken down by somebody else. Keelson goes on; keelson down --all stops it`,
      )
      return exitCodes.ok
    }
    const { kind } = await findPlatform(context.dataFolder)
    if (kind === 'absent') {
      reporter.close('Keelson was stopped by another command')
      return exitCodes.ok
    }
    if (revivals === revivalsMax) {
      throw tableError('platform_unreachable', `Keelson ended ${revivalsMax + 1} times`)
    }
    platform = await revive(options)
  }
}

/** Its services outlive a platform that died: when it cannot be started again, that is said. */
const revive = async ({ context, reporter, spec }: AttachOptions): Promise<Platform> => {
  try {
    return (await ensureRunning(context, reporter.step)).platform
  } catch (error) {
    reporter.warn(`What runs of ${spec.name} goes on without Keelson; keelson down stops it`)
    throw error
  }
}

const stay = async (
  options: AttachOptions & { platform: Platform },
): Promise<'interrupted' | 'removed' | 'lost'> => {
  const { reporter, spec, interrupt, context } = options
  const away = new AbortController()
  let ended: 'removed' | 'lost' | undefined
  const leave = (how: 'removed' | 'lost') => {
    ended ??= how
    away.abort()
  }
  const signal = AbortSignal.any([interrupt.signal, away.signal])
  const following = beginFollowing({
    ...options,
    signal,
    onRemoved: () => leave('removed'),
    onLost: () => {
      // One failed read may be a busy moment; a process that is gone is not.
      void findPlatform(context.dataFolder).then((found) => {
        const { kind } = found
        const isMoved = kind === 'running' && found.file.url !== options.platform.url
        if (kind === 'crashed' || kind === 'absent' || isMoved) leave('lost')
      })
    },
  })
  let told = false
  try {
    while (!signal.aborted) {
      if (following.progress.verdict() === 'up' && !told) {
        told = true
        reporter.note(`${describeUp(following.progress, spec.name)}. Ctrl-C stops it`)
      }
      await following.changed(signal)
    }
  } finally {
    await following.stop()
  }
  return interrupt.signal.aborted ? 'interrupted' : (ended ?? 'lost')
}
