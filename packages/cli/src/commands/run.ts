import type { ExecRequest, StackSpec } from '@keelson/contract'
import type { Context } from '../context.ts'
import { defined } from '../defined.ts'
import { runSession } from '../exec/session.ts'
import { createTerminal } from '../exec/terminal.ts'
import { exitCodes } from '../exit-code.ts'
import { applyAsPlanned } from '../plan/apply.ts'
import { ensureRunning, type Platform } from '../platform.ts'
import { chooseProgress, createReporter, type Reporter } from '../progress/reporter.ts'
import { loadStack } from '../project.ts'
import { listStacks } from '../scope.ts'
import { followStack } from '../up/follow-stack.ts'
import { listenForInterrupt } from '../up/interrupt.ts'
import { selectServices } from '../up/selection.ts'
import { showWarnings } from '../warnings.ts'

export type RunOptions = {
  tty?: boolean
  env?: Record<string, string>
  user?: string
  workdir?: string
  name?: string
  deps: boolean
}

const dependenciesWaitMs = 300_000

/**
 * Runs a command in an instance of its own, beside those of the service, which is gone when the
 * command ends. What the service depends on is started first and stays.
 */
export const run = async (
  context: Context,
  options: RunOptions,
  [service = '', ...command]: readonly string[],
): Promise<number> => {
  const { spec, warnings } = await loadStack(context, { named: [service] })
  showWarnings(context, warnings)
  const plan = partFor(spec, service, options.deps) // a wrong name is told before a start
  const reporter = createReporter(chooseProgress('auto', context), context)
  const interrupt = listenForInterrupt()
  try {
    const { platform } = await ensureRunning(context, reporter.step)
    const { signal } = interrupt
    const isReady = await prepare({ context, platform, reporter, spec, plan, signal })
    if (signal.aborted) return exitCodes.interrupted
    if (!isReady) return exitCodes.unhealthy
    const terminal = createTerminal(options.tty)
    const { env = {}, user, workdir, name } = options
    const request: ExecRequest = {
      mode: 'run',
      command,
      tty: terminal.size,
      environment: env,
      ...defined({ user, workingDir: workdir, name }),
    }
    return await runSession({
      platform,
      service: `${spec.name}/${service}`,
      request,
      terminal,
      signal,
    })
  } finally {
    reporter.close()
    interrupt.release()
  }
}

type Part = {
  /** What is needed of the stack, given what runs of it already. */
  select: (applied: readonly string[]) => StackSpec
  dependencies: readonly string[]
}

const partFor = (spec: StackSpec, service: string, deps: boolean): Part => {
  const selection = { services: [service], deps, scale: {}, build: false, pull: undefined }
  const { wanted } = selectServices(spec, selection, [])
  return {
    dependencies: wanted.services.map(({ name }) => name).filter((name) => name !== service),
    select: (applied) => {
      // The service is known to the platform, and none of its instances is started for this.
      const scale = applied.includes(service) ? {} : { [service]: 0 }
      return selectServices(spec, { ...selection, scale }, applied).spec
    },
  }
}

type PrepareOptions = {
  context: Context
  platform: Platform
  reporter: Reporter
  spec: StackSpec
  plan: Part
  signal: AbortSignal
}

/** Has the service known to the platform and its dependencies well; false when they are not. */
const prepare = async (options: PrepareOptions): Promise<boolean> => {
  const { context, platform, reporter, spec, plan, signal } = options
  const stacks = await listStacks(platform)
  const applied = stacks.find(({ name }) => name === spec.name)?.services ?? []
  const needed = plan.select(applied)
  const named = needed.services.map(({ name }) => name).filter((name) => !applied.includes(name))
  if (named.length > 0) {
    await applyAsPlanned({ platform, spec: needed, reporter, named })
  }
  if (plan.dependencies.length === 0) return true
  const services = needed.services.filter(({ name }) => plan.dependencies.includes(name))
  const awaited = { ...needed, services }
  const follow = { context, platform, reporter, spec: awaited, waitMs: dependenciesWaitMs, signal }
  return (await followStack(follow)) === 'up'
}
