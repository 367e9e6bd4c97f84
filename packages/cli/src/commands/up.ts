import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ActionProgress, StackSpec } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { failureOf } from '../failure.ts'
import { buildPage } from '../page-build.ts'
import { ensureRunning, findRunningHere, type LocalPlatform, type Platform } from '../platform.ts'
import type { FormerLives } from '../progress/progress.ts'
import {
  chooseProgress,
  createReporter,
  type ProgressKind,
  type Reporter,
} from '../progress/reporter.ts'
import { applyAsPlanned } from '../plan/apply.ts'
import { showPlan } from '../plan/show.ts'
import { loadStack } from '../project.ts'
import { attach } from '../up/attach.ts'
import { refuseComposeFlags, type ComposeFlags } from '../up/compose-flags.ts'
import { followActions } from '../up/follow-actions.ts'
import { followStack } from '../up/follow-stack.ts'
import { formerLives } from '../up/former-lives.ts'
import { listenForInterrupt, type Interrupt } from '../up/interrupt.ts'
import { seenOf } from '../up/seen.ts'
import { selectServices, type Selection } from '../up/selection.ts'
import { stopWhenEmpty, takeDown } from '../up/take-down.ts'
import { showWarnings } from '../warnings.ts'

export type UpOptions = ComposeFlags & {
  detach?: boolean
  wait?: boolean
  waitTimeout: number
  dryRun?: boolean
  demo?: boolean
  build?: boolean
  pull?: 'always' | 'missing' | 'never'
  deps: boolean
  scale?: Record<string, number>
  progress: ProgressKind
}

/**
 * Load, start the platform, apply, see it to healthy. A fault of the files ends it before anything
 * was started. Attached, it stays until Ctrl-C and then takes down what it has put up; with --detach
 * it returns once all is started, with --wait once all is healthy, and leaves everything running.
 */
export const up = async (
  context: Context,
  options: UpOptions,
  services: readonly string[],
): Promise<number> => {
  refuseComposeFlags(options)
  const { spec: whole, warnings } = await loadStack(context, {
    demo: options.demo === true,
    named: services,
  })
  const kind = chooseProgress(options.progress, context)
  if (kind !== 'quiet') showWarnings(context, warnings)
  const select = (applied: readonly string[]) =>
    selectServices(whole, selectionOf(options, services), applied)
  if (options.dryRun === true) {
    const { spec } = select(await servicesApplied(await findRunningHere(context), whole.name))
    const { actions } = await showPlan(context, spec, services)
    return actions.length === 0 ? exitCodes.ok : exitCodes.differences
  }
  select([]) // a wrong name is told before anything is started
  const stack = whole.name
  const reporter = createReporter(kind, context)
  await preparePage(context, reporter)
  const interrupt = listenForInterrupt()
  try {
    return await putUp({ context, options, services, stack, select, reporter, interrupt })
  } catch (error) {
    reporter.close()
    if (!interrupt.signal.aborted) throw error
    return await takeDown({ context, stack, reporter, interrupt })
  } finally {
    interrupt.release()
  }
}

const selectionOf = (options: UpOptions, services: readonly string[]): Selection => ({
  services,
  deps: options.deps,
  scale: options.scale ?? {},
  build: options.build === true,
  pull: options.pull,
})

/** Services of a stack that runs already. */
const servicesApplied = async (
  platform: Platform | undefined,
  stack: string,
): Promise<string[]> => {
  const { items = [] } = (await platform?.call('listStacks', {})) ?? {}
  return items.find(({ name }) => name === stack)?.services ?? []
}

type PutUpOptions = {
  context: Context
  options: UpOptions
  /** Those that were named; none: all. */
  services: readonly string[]
  stack: string
  /** What to apply and what to wait for, given what runs of the stack already. */
  select: (applied: readonly string[]) => { spec: StackSpec; wanted: StackSpec }
  reporter: Reporter
  interrupt: Interrupt
}

const putUp = async (given: PutUpOptions): Promise<number> => {
  const { context, stack, reporter, interrupt } = given
  const ready = await Promise.race([ensureRunning(context, reporter.step), interrupt.insisted])
  // Before the stack was applied nothing of it is there to stay, with --wait or without.
  if (ready === undefined || interrupt.signal.aborted) {
    return takeDown({ context, stack, reporter, interrupt })
  }
  const { platform } = ready
  const actions = followActions(context, platform, stack, reporter)
  try {
    const { spec, wanted } = given.select(await servicesApplied(platform, stack))
    const since = Date.now()
    const former = await apply(spec, given, ready).catch((error: unknown) => {
      tellOtherFailures(actions.failed(), error, reporter)
      throw error
    })
    return await see(given, ready, { spec: wanted, since, former })
  } finally {
    await actions.stop()
  }
}

/** The error names the first image that cannot be had; the others are known too. */
const tellOtherFailures = (
  failed: readonly ActionProgress[],
  error: unknown,
  reporter: Reporter,
): void => {
  const told = failureOf(error).faults.map(({ message }) => message)
  for (const { kind, subject, text } of failed) {
    if (text === '' || told.some((message) => message.includes(text))) continue
    reporter.warn(`${kind.replaceAll('_', ' ')} ${subject}: ${text}`)
  }
}

/** What was applied, on its way to healthy. */
const see = async (
  { context, options, reporter, interrupt }: PutUpOptions,
  { platform, started }: { platform: LocalPlatform; started: boolean },
  { spec, since, former }: { spec: StackSpec; since: number; former: FormerLives },
): Promise<number> => {
  await tellPage(platform, started, reporter)
  reporter.fact('gateway', `Gateway:  ${platform.gatewayUrl}`, { url: platform.gatewayUrl })

  const seen = await seenOf(spec, { platform, reporter })
  const follow = { context, platform, reporter, spec: seen, since, former }
  if (options.detach !== true && options.wait !== true) return attach({ ...follow, interrupt })
  const waitMs = options.waitTimeout * 1000
  const until = options.wait === true ? 'healthy' : 'started'
  const ended = await followStack({ ...follow, waitMs, until, signal: interrupt.signal })
  if (ended === 'interrupted') {
    // The stack was to stay, so it stays: only the waiting is over.
    const stop = `keelson down --stack ${spec.name}`
    reporter.close(`${spec.name} goes on starting; stop it with: ${stop}`)
    return exitCodes.interrupted
  }
  return ended === 'up' ? exitCodes.ok : exitCodes.unhealthy
}

/** A link works once and ends those before it, so that only who starts the platform makes one. */
const tellPage = async (platform: LocalPlatform, started: boolean, reporter: Reporter) => {
  const { setUp } = await platform.call('getSignIn')
  if (setUp || !started) {
    const { url } = platform
    const way = setUp ? '' : '  (set up with: keelson open)'
    reporter.fact('page', `Page:     ${url}${way}`, { url })
  } else {
    const link = await platform.call('createSetupLink', {})
    reporter.fact('link', `Set up:   ${link.url}`, link)
  }
  const { publicUrl: url } = platform
  if (url === undefined) return
  const condition = setUp ? '' : '  (once there is an administrator)'
  reporter.fact('public', `Public:   ${url}${condition}`, { url })
}

/**
 * A stack that is refused leaves nothing behind: a platform started for it is stopped again.
 * Answers with the lives that end by it.
 */
const apply = async (
  spec: StackSpec,
  { reporter, services }: PutUpOptions,
  { platform, started }: { platform: LocalPlatform; started: boolean },
): Promise<FormerLives> => {
  reporter.step(`Applying ${spec.name}`)
  try {
    const before = await platform.call('listInstances', { query: { stack: spec.name } })
    const plan = await applyAsPlanned({ platform, spec, reporter, named: services })
    return formerLives(before, plan)
  } catch (error) {
    if (started) await stopWhenEmpty(platform, reporter.step, '').catch(() => undefined)
    throw error
  }
}

/** Keelson is of use without its page, so a build that fails does not keep it from starting. */
const preparePage = async ({ dataFolder }: Context, reporter: Reporter): Promise<void> => {
  const page = await buildPage(() => reporter.step('Building the page (once)'))
  if (page.kind !== 'failed') return
  const log = join(dataFolder, 'logs', 'page-build.log')
  await mkdir(dirname(log), { recursive: true, mode: 0o700 })
  await writeFile(log, page.output)
  reporter.warn(`The page could not be built; the command line works without it. See ${log}`)
}
