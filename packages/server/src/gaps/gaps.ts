import type { GapFinding, GapFixPreview, GapReport, GapSummary } from '@keelson/contract'
import type { Stack, StackObservation } from '@keelson/contract'
import type { Actor } from '../kernel/actor.ts'
import type { Audit } from '../kernel/audit/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import { AppError, messageOf } from '../kernel/errors.ts'
import type { Events } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import type { Health } from '../health/index.ts'
import type { createTraffic } from '../gateway/index.ts'
import type { Orchestrator } from '../orchestrator/index.ts'
import type { Registry } from '../registry/index.ts'
import { auditByCommand, type AuditCommand } from './audit-command.ts'
import { createAuditor } from './auditor.ts'
import { createBooks } from './books.ts'
import { createFileWatch } from './file-watch.ts'
import { previewFixes } from './fixes.ts'
import { waitingReport } from './judge.ts'
import { createObserver, withListeners } from './observe.ts'
import { createRounds } from './rounds.ts'
import { createSchedule } from './schedule.ts'
import { createTurns } from './turns.ts'

export type GapsDeps = {
  db: Db
  events: Events
  audit: Pick<Audit, 'record' | 'write'>
  registry: Registry
  health: Health
  orchestrator: Pick<Orchestrator, 'stacks' | 'getStack' | 'hasStack' | 'stackState'>
  traffic: Pick<ReturnType<typeof createTraffic>, 'recent'>
  clock: Clock
  log: Log
  dataDir: string
  /** How folders are audited: by the command line's own program, unless a test says otherwise. */
  command?: AuditCommand
}

export type Gaps = ReturnType<typeof createGaps>

/** Audits of all stacks: made when something changed, kept, told, and accepted by people. */
export const createGaps = (deps: GapsDeps) => {
  const { events, registry, health, orchestrator, clock, log, command = auditByCommand } = deps
  const listeners = new Set<(stack: string) => void>()
  const ending = new AbortController()
  const books = createBooks(deps)
  const observer = createObserver({
    ...deps,
    stackState: (stack) => orchestrator.stackState(stack),
  })
  const tell = (stack: string): void => listeners.forEach((listener) => listener(stack))
  const files = createFileWatch({ clock, onChange: (stack) => schedule.want(stack) })
  const { signal } = ending
  const turns = createTurns(signal)
  const auditor = createAuditor({ ...deps, command, books, observer, files, signal, tell })
  const schedule = createSchedule({
    clock,
    audit: (stack) => turns.take(() => auditor.audit(stack)),
    hasChanged: (stack) => auditor.hasChanged(stack),
    isSettled: (stack) => observer.isSettled(stack),
    onFailure(stack, error) {
      if (signal.aborted) return
      log.warn({ stack, reason: messageOf(error) }, 'the audit is made again later')
    },
  })
  const rounds = createRounds({ ...deps, books, files, auditor, schedule, tell })

  /** Keelson's own parts have no files that anybody could correct. */
  const auditedStack = (name: string): Stack => {
    const stack = orchestrator.getStack(name)
    if (!stack.builtIn) return stack
    const message = `${name} holds Keelson's own parts, which are not audited`
    throw new AppError('stack_not_found', { message })
  }

  const consider = (serviceId: string): void => {
    const [stack = ''] = serviceId.split('/')
    if (rounds.knows(stack)) schedule.consider(stack)
  }
  registry.onChange((change) =>
    consider('service' in change ? change.service.id : change.instance.serviceId),
  )
  health.onService(consider)
  health.onInstance(({ serviceId }) => consider(serviceId))
  events.subscribe({
    name: 'gaps',
    types: ['stack.removed'],
    handle: (event, tx) => books.forgetStack(tx, event.subject, event.at),
  })
  let tail: { close(): void } | undefined

  const report = async (name: string): Promise<GapReport> => {
    const isAuditing = schedule.isAuditing(name)
    const { workingDir } = auditedStack(name)
    return (await books.report(name, isAuditing)) ?? waitingReport(name, workingDir, isAuditing)
  }

  return {
    async start(): Promise<void> {
      tail = events.tail((batch) => {
        for (const { type, payload } of batch) {
          if (type === 'stack.applied' && rounds.knows(payload.stack)) schedule.want(payload.stack)
          if (type === 'stack.drifted' || type === 'stack.mended') consider(payload.stack)
        }
      })
      await rounds.start()
    },
    async stop(): Promise<void> {
      tail?.close()
      ending.abort()
      await Promise.all([rounds.stop(), schedule.close()])
      files.close()
    },

    /** Calls back with the name of a stack when its report, or that one is being made, changes. */
    onChange(listener: (stack: string) => void): { close(): void } {
      listeners.add(listener)
      return { close: () => listeners.delete(listener) }
    },
    isAuditing: (stack: string): boolean => schedule.isAuditing(stack),

    async list(): Promise<GapSummary[]> {
      const audited = new Map((await books.summaries()).map((one) => [one.stack, one]))
      return orchestrator
        .stacks()
        .filter(({ builtIn }) => !builtIn)
        .map(({ name }) => audited.get(name) ?? waitingSummary(name))
    },
    /** Undefined for what is no stack, or Keelson's own. */
    async summary(name: string): Promise<GapSummary | undefined> {
      if (!orchestrator.hasStack(name) || orchestrator.getStack(name).builtIn) return undefined
      return (await books.summaries(name))[0] ?? waitingSummary(name)
    },
    report,

    /** Audits now; an audit that cannot be made is told in the report. */
    async audit(actor: Actor, name: string): Promise<GapReport> {
      auditedStack(name)
      const object = { kind: 'stack', id: name, name }
      await deps.audit.write(actor, { action: 'gap.audited', object })
      await schedule.now(name)
      return report(name)
    },

    history(name: string, page: { before: string | undefined; limit: number }) {
      auditedStack(name)
      return books.history(name, page)
    },

    async accept(
      actor: Actor,
      name: string,
      fingerprint: string,
      given: { reason: string; until: Date | null },
    ): Promise<GapFinding> {
      auditedStack(name)
      const finding = await books.accept(actor, name, fingerprint, given)
      await rounds.acceptancesChanged()
      // The score is that of the others: it comes with the next audit.
      schedule.want(name)
      tell(name)
      return finding
    },
    async withdraw(actor: Actor, name: string, fingerprint: string): Promise<GapFinding> {
      auditedStack(name)
      const finding = await books.withdraw(actor, name, fingerprint)
      schedule.want(name)
      tell(name)
      return finding
    },

    async previewFixes(name: string, fingerprints: readonly string[]): Promise<GapFixPreview> {
      return previewFixes(auditedStack(name), fingerprints, { ...deps, command, turns, signal })
    },

    /** As it is seen now. */
    async observe(name: string): Promise<StackObservation> {
      orchestrator.getStack(name)
      return withListeners(observer.observe(name, await deps.traffic.recent()))
    },
  }
}

const waitingSummary = (stack: string): GapSummary => ({
  ...{ stack, state: 'waiting', at: null, score: null },
  ...{ errors: 0, warnings: 0, infos: 0, accepted: 0 },
})
