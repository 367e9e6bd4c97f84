import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { findRunning } from '../platform.ts'
import { findStack, listStacks } from '../scope.ts'

// A shell waits for this with every press of the tab key.
const answerTimeoutMs = 1000

/** Names for completion, one per line. Says nothing at all when it has nothing to say. */
export const complete = async (
  context: Context,
  _options: unknown,
  [what = '']: readonly string[],
): Promise<number> => {
  const late = new Promise<string[]>((resolve) => {
    setTimeout(resolve, answerTimeoutMs, []).unref()
  })
  const names = await Promise.race([findNames(context, what).catch(() => []), late])
  if (names.length > 0) context.output.data(names.join('\n'))
  return exitCodes.ok
}

const findNames = async (context: Context, what: string): Promise<string[]> => {
  const platform = await findRunning(context)
  if (platform === undefined) return []
  const stacks = await listStacks(platform)
  if (what === 'stacks') return stacks.filter(({ builtIn }) => !builtIn).map(({ name }) => name)
  if (what !== 'services') return []
  const stack = await findStack(context, stacks)
  if (stack !== undefined) return stack.services
  return stacks.flatMap(({ name, services }) => services.map((service) => `${name}/${service}`))
}
