import type { StackSpec } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { failureOf, formatFailure, usageError } from '../failure.ts'
import { applyAsPlanned } from '../plan/apply.ts'
import { ensureRunning } from '../platform.ts'
import { chooseProgress, createReporter } from '../progress/reporter.ts'
import { loadStack } from '../project.ts'
import { followStack } from '../up/follow-stack.ts'
import { listenForInterrupt } from '../up/interrupt.ts'
import { showWarnings } from '../warnings.ts'
import { initialChanges, sortChanges } from '../watch/batch.ts'
import { createCarryOut } from '../watch/carry-out.ts'
import { watchPaths } from '../watch/changes.ts'
import { watchRules, type WatchRule } from '../watch/rules.ts'

export type WatchOptions = { up: boolean }

const upWaitMs = 300_000

/** Follows the files of `develop.watch` until Ctrl-C; the stack stays when it ends. */
export const watch = async (
  context: Context,
  options: WatchOptions,
  services: readonly string[],
): Promise<number> => {
  const { spec, warnings } = await loadStack(context)
  showWarnings(context, warnings)
  const rules = await rulesOf(spec, services)
  const reporter = createReporter(chooseProgress('auto', context), context)
  const interrupt = listenForInterrupt()
  const { signal } = interrupt
  try {
    const { platform } = await ensureRunning(context, reporter.step)
    if (options.up) {
      await applyAsPlanned({ platform, spec, reporter, named: [] })
      const waitMs = upWaitMs
      const ended = await followStack({ context, platform, reporter, spec, waitMs, signal })
      if (ended === 'interrupted') return exitCodes.interrupted
    }
    const load = async () => (await loadStack(context)).spec
    const carryOut = createCarryOut({ platform, reporter, load })
    const tell = (error: unknown) => {
      const { cwd, output } = context
      output.alarm(formatFailure(failureOf(error), cwd, output.messageColors))
    }
    const watching = await watchPaths({
      roots: rules.map((rule) => rule.spec.path),
      onChanges: async (paths) => carryOut(spec.name, await sortChanges(rules, paths)),
      onFault: tell,
    })
    await carryOut(spec.name, await initialChanges(rules)).catch(tell)
    reporter.note(`Watching the files of ${namesOf(rules)}. Ctrl-C ends it, and leaves the stack`)
    await new Promise<void>((resolve) => {
      if (signal.aborted) return resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    watching.close()
    return exitCodes.interrupted
  } finally {
    reporter.close()
    interrupt.release()
  }
}

const namesOf = (rules: readonly WatchRule[]): string =>
  [...new Set(rules.map(({ service }) => service))].join(', ')

const rulesOf = async (spec: StackSpec, services: readonly string[]): Promise<WatchRule[]> => {
  for (const name of services) {
    if (spec.services.every((service) => service.name !== name)) {
      throw usageError(`The files have no service ${name}`, 'keelson config --services lists them')
    }
  }
  const wanted = spec.services.filter(
    ({ name }) => services.length === 0 || services.includes(name),
  )
  const rules = await watchRules(wanted)
  if (rules.length > 0) return rules
  throw usageError(
    'None of these services has develop.watch',
    'develop: { watch: [{ path: ./src, action: sync, target: /app/src }] }',
  )
}
