import type { Stack } from '@keelson/contract'
import { ProblemError } from '@keelson/sdk'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { CommandError } from '../failure.ts'
import { ensureRunning, stopPlatform, type Platform } from '../platform.ts'
import { findPlatform } from '../platform-file.ts'
import { createReporter, chooseProgress } from '../progress/reporter.ts'
import { findStack, hintOfStacks, listStacks } from '../scope.ts'
import { findKeptVolumes, removeKeptVolumes, toldOfRemoval } from '../up/kept-volumes.ts'
import { stopWhenEmpty } from '../up/take-down.ts'

export type DownOptions = { all?: boolean; volumes?: boolean }

/**
 * Removes the stack of this folder (or the named one, or all), and Keelson itself when no stack is
 * left. After a crash Keelson is started first: only it knows what it has left running.
 */
export const down = async (context: Context, options: DownOptions): Promise<number> => {
  const { output, dataFolder } = context
  const { kind } = await findPlatform(dataFolder)
  const volumes = options.volumes === true
  const kept = volumes && options.all !== true ? await findKeptVolumes(context) : undefined
  if (kind === 'absent' && kept === undefined) {
    output.message('Keelson is not running: there is nothing to stop')
    return exitCodes.ok
  }
  const reporter = createReporter(chooseProgress('auto', context), context)
  try {
    const { platform } = await ensureRunning(context, reporter.step)
    const known = await listStacks(platform)
    if (kept !== undefined && (await isRemoved(context, known, kept.stack))) {
      reporter.step(`Removing the volumes of ${kept.stack}`)
      const { removed: some, told } = await toldOfRemoval(platform, kept.stack, () =>
        removeKeptVolumes(platform, kept),
      )
      if (told !== undefined) reporter.warn(told)
      const done = some ? `Removed the volumes of ${kept.stack}` : nothingKept(kept.stack)
      reporter.close(await stopWhenEmpty(platform, reporter.step, done))
      return exitCodes.ok
    }
    const stacks = await namesToRemove(context, known, options)
    for (const stack of stacks) {
      reporter.step(`Stopping ${stack}`)
      const { told } = await toldOfRemoval(platform, stack, () =>
        removeStack(platform, stack, volumes),
      )
      if (told !== undefined) reporter.warn(told)
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

const nothingKept = (stack: string): string => `Nothing of ${stack} was left to remove`

/** Does the file of this folder mean a stack that does not run, and nothing else is meant? */
const isRemoved = async (
  context: Context,
  stacks: readonly Stack[],
  name: string,
): Promise<boolean> => {
  if (stacks.some((stack) => stack.name === name)) return false
  const named = context.shared.projectName ?? context.env['COMPOSE_PROJECT_NAME'] ?? ''
  return named !== '' || (await findStack(context, stacks)) === undefined
}

const namesToRemove = async (
  context: Context,
  stacks: readonly Stack[],
  { all }: DownOptions,
): Promise<string[]> => {
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
const removeStack = async (
  platform: Platform,
  stack: string,
  volumes: boolean,
): Promise<boolean> => {
  try {
    await platform.call('removeStack', {
      params: { stack },
      ...(volumes ? { query: { volumes } } : {}),
    })
    return true
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === 'stack_not_found') return false
    throw error
  }
}
