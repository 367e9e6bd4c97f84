import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { failureOf, formatFailure } from '../failure.ts'
import { findRunningHere, stopPlatform, type LocalPlatform } from '../platform.ts'
import type { Reporter } from '../progress/reporter.ts'
import { listStacks } from '../scope.ts'
import type { Interrupt } from './interrupt.ts'

type TakeDownOptions = {
  context: Context
  stack: string
  reporter: Reporter
  interrupt: Interrupt
}

/**
 * What Ctrl-C of an attached `up` does: removes its stack, and the platform with it when no other
 * stack is left. A second Ctrl-C ends the command at once and says what it leaves.
 */
export const takeDown = async (options: TakeDownOptions): Promise<number> => {
  const { context, stack, reporter, interrupt } = options
  reporter.close() // rows that say healthy would be wrong from here on
  reporter.step(`Stopping ${stack} (Ctrl-C again to leave at once)`)
  const work = removeWithPlatform(context, stack, reporter.step).then(
    (left) => ({ left }),
    (error: unknown) => ({ error }),
  )
  const ended = await Promise.race([work, interrupt.insisted.then(() => 'insisted' as const)])
  if (ended === 'insisted') {
    reporter.close()
    context.output.alarm(await describeLeft(context, stack))
  } else if ('error' in ended) {
    reporter.close()
    const { cwd, output } = context
    output.alarm(formatFailure(failureOf(ended.error), cwd, output.messageColors))
  } else {
    reporter.close(ended.left)
  }
  return exitCodes.interrupted
}

/** Removes a stack; answers with one sentence about what is left. */
const removeWithPlatform = async (
  context: Context,
  stack: string,
  step: (text: string) => void,
): Promise<string> => {
  const platform = await findRunningHere(context)
  if (platform === undefined) return 'Keelson had stopped already'
  const stacks = await listStacks(platform)
  if (stacks.some(({ name }) => name === stack)) {
    await platform.call('removeStack', { params: { stack } })
  }
  return stopWhenEmpty(platform, step, `Stopped ${stack}`)
}

/** Stops the platform when no stack of a person is left on it. */
export const stopWhenEmpty = async (
  platform: LocalPlatform,
  step: (text: string) => void,
  done: string,
): Promise<string> => {
  const others = (await listStacks(platform)).filter(({ builtIn }) => !builtIn)
  if (others.length > 0) {
    return `${done}. Keelson goes on running: ${others.map(({ name }) => name).join(', ')}`
  }
  step('Stopping Keelson')
  await stopPlatform(platform)
  return `${done}, and Keelson with it: nothing is left running`
}

const describeLeft = async (context: Context, stack: string): Promise<string> => {
  const platform = await findRunningHere(context).catch(() => undefined)
  const { yellow, bold } = context.output.messageColors
  if (platform === undefined) return `${yellow('!')} Left at once; Keelson is not running any more`
  return (
    `${yellow('!')} Left at once: Keelson (pid ${platform.pid}) goes on stopping ${stack}\n` +
    `  ${bold('Try:')} keelson ps --all, then keelson down --all`
  )
}
