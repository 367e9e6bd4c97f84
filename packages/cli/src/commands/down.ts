import { ProblemError } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { CommandError } from '../failure.ts'
import { ensureRunning, stopPlatform, type Platform } from '../platform.ts'
import { findPlatform } from '../platform-file.ts'
import { createReporter, chooseProgress } from '../progress/reporter.ts'
import { findStack, hintOfStacks, listStacks } from '../scope.ts'
import { stopWhenEmpty } from '../up/take-down.ts'

export type DownOptions = { all?: boolean; volumes?: boolean }

/**
 * Removes the stack of this folder (or the named one, or all), and Keelson itself when no stack is
 * left. After a crash Keelson is started first: only it knows what it has left running.
 */
export const down = async (context: Context, options: DownOptions): Promise<number> => {
  const { output, dataFolder } = context
  const { kind } = await findPlatform(dataFolder)
  if (kind === 'absent') {
    output.message('Keelson is not running: there is nothing to stop')
    return exitCodes.ok
  }
  const reporter = createReporter(chooseProgress('auto', context), context)
  try {
    const { platform } = await ensureRunning(context, reporter.step)
    const stacks = await namesToRemove(context, platform, options)
    for (const stack of stacks) {
      reporter.step(`Stopping ${stack}`)
      await removeStack(platform, stack, options.volumes === true)
    }
    if (options.all === true) {
      reporter.step('Stopping Keelson')
      await stopPlatform(platform)
      reporter.close(
        `Stopped ${[...stacks, 'Keelson itself'].join(' and ')}: nothing is left running`,
      )
    } else {
      const done = stacks.length === 0 ? 'No stack was running' : `Stopped ${stacks.join(', ')}`
      reporter.close(await stopWhenEmpty(platform, reporter.step, done))
    }
    return exitCodes.ok
  } catch (error) {
    reporter.close()
    throw error
  }
}

const namesToRemove = async (
  context: Context,
  platform: Platform,
  { all }: DownOptions,
): Promise<string[]> => {
  const stacks = await listStacks(platform)
  const own = stacks.filter(({ builtIn }) => !builtIn).map(({ name }) => name)
  if (all === true) return own
  const stack = await findStack(context, stacks)
  if (stack !== undefined) return [stack.name]
  if (own.length === 0) return []
  throw new CommandError('stack_not_found', exitCodes.notFound, [
    { message: `No stack runs from ${context.cwd}`, hint: `${hintOfStacks(stacks)} (or --all)` },
  ])
}

/** A stack that somebody else has removed meanwhile is removed. */
const removeStack = async (platform: Platform, stack: string, volumes: boolean): Promise<void> => {
  try {
    await platform.call('removeStack', {
      params: { stack },
      ...(volumes ? { query: { volumes } } : {}),
    })
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === 'stack_not_found') return
    throw error
  }
}
