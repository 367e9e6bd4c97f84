import { relative } from 'node:path'
import type { AuditAnswer, Stack, StackObservation, Watched } from '@keelson/contract'
import type { Clock } from '../kernel/clock.ts'
import { messageOf } from '../kernel/errors.ts'
import type { AuditCommand } from './audit-command.ts'
import { folderFault } from './audited-folder.ts'
import type { Books } from './books.ts'
import { stampNow, type FileWatch } from './file-watch.ts'
import { digestOf, type Observer, type Requests } from './observe.ts'

type AuditorDeps = {
  orchestrator: { hasStack(name: string): boolean; getStack(name: string): Stack }
  traffic: { recent(): Promise<Requests> }
  command: AuditCommand
  books: Books
  observer: Observer
  files: FileWatch
  clock: Clock
  dataDir: string
  signal: AbortSignal
  /** Something about the report of a stack has changed. */
  tell: (stack: string) => void
}

/** What the last audit of a stack was made of. */
type Made = { revision: number; observed: string }

export type Auditor = ReturnType<typeof createAuditor>

/** Makes one audit: looks at what runs, has the files read, and writes down what came of it. */
export const createAuditor = (deps: AuditorDeps) => {
  const { orchestrator, books, observer, files, clock, signal } = deps
  const made = new Map<string, Made>()
  let requests: Requests = []

  const answerFor = async (
    stack: Stack,
    observation: StackObservation,
    accepted: ReadonlySet<string>,
  ): Promise<AuditAnswer | { kind: 'broken'; reason: string }> => {
    const { workingDir: root, files: composeFiles } = stack
    const fault = await folderFault(stack, deps.dataDir)
    if (fault !== undefined) return { kind: 'refused', reason: fault }
    const order = { root, files: composeFiles, observation, accepted: [...accepted] }
    try {
      return await deps.command(order, signal)
    } catch (error) {
      if (signal.aborted) throw error
      return { kind: 'broken', reason: `The audit failed: ${messageOf(error)}` }
    }
  }

  /** Gives the processor time in ms that it took; of one that could not be made, all its time. */
  const save = async (stack: Stack, observation: StackObservation, began: Date) => {
    const { name, revision, workingDir: folder } = stack
    const beganMs = clock.monotonicMs()
    const answer = await answerFor(stack, observation, await books.acceptedOf(name))
    // It was removed meanwhile: nobody asks for this any more.
    if (!orchestrator.hasStack(name)) return 0
    const observed = digestOf(observation)
    const common = { stack: name, revision, folder, observed, triedAt: began }
    if (answer.kind === 'audited') {
      const durationMs = Math.round(clock.monotonicMs() - beganMs)
      const watched = { ...answer.watched, listed: [] }
      const content = answer.report
      await books.saveAudit({ ...common, watched, durationMs, auditedAt: began, content })
      await files.follow(name, folder, answer.watched)
    } else {
      const reason = answer.kind === 'mended' ? 'The audit gave no report' : answer.reason
      const watched = await watchedOfFailure(stack)
      await books.saveFailure({ ...common, watched, reason })
      await files.follow(name, folder, watched)
    }
    // One that broke off may go well the next time that anybody looks.
    made.set(name, { revision, observed: answer.kind === 'broken' ? '' : observed })
    return answer.kind === 'audited' ? answer.processorMs : clock.monotonicMs() - beganMs
  }

  return {
    /** Gives the processor time in ms that it took. */
    async audit(name: string): Promise<number> {
      if (!orchestrator.hasStack(name)) return 0
      const stack = orchestrator.getStack(name)
      deps.tell(name)
      try {
        requests = await deps.traffic.recent()
        return await save(stack, observer.observe(name, requests), clock.now())
      } finally {
        deps.tell(name)
      }
    },

    /** Is anything of what runs other than at the last audit? */
    hasChanged(name: string): boolean {
      if (!orchestrator.hasStack(name)) return false
      const before = made.get(name)
      if (before === undefined) return true
      if (before.revision !== orchestrator.getStack(name).revision) return true
      return before.observed !== digestOf(observer.observe(name, requests))
    },

    /** Counts requests anew for `hasChanged`. */
    async lookAtRequests(): Promise<void> {
      requests = await deps.traffic.recent()
    },
    /** What an audit before this process was made of. */
    remember: (name: string, before: Made): void => void made.set(name, before),
    revisionOf: (name: string): number | undefined => made.get(name)?.revision,
    forget: (name: string): void => void made.delete(name),
  }
}

/** What could make the next audit possible: the folder, the compose files, the audit's settings. */
const watchedOfFailure = async ({ workingDir, files }: Stack): Promise<Watched> => {
  const own = files
    .map((file) => relative(workingDir, file))
    .filter((path) => path !== '' && !path.startsWith('..'))
  const stamps = (paths: readonly string[]) =>
    Promise.all(paths.map((path) => stampNow(workingDir, path)))
  return {
    files: await stamps([...own, '.keelson/gaps.yaml']),
    folders: await stamps(['']),
    listed: [],
  }
}
