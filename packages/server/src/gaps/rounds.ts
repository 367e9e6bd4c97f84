import type { Stack } from '@keelson/contract'
import type { Clock, Timer } from '../kernel/clock.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Auditor } from './auditor.ts'
import type { Books } from './books.ts'
import type { FileWatch } from './file-watch.ts'
import type { Schedule } from './schedule.ts'

type RoundsDeps = {
  orchestrator: { stacks(): Stack[] }
  books: Books
  files: FileWatch
  auditor: Auditor
  schedule: Schedule
  clock: Clock
  log: Log
  tell: (stack: string) => void
}

const roundMs = 2000
/** Every so many rounds: requests are counted every minute, what is gone is forgotten every hour. */
const requestsEvery = 30
const forgetEvery = 1800

/**
 * A look at all stacks every two seconds: which are new, changed or gone, a few of their files, and
 * what was accepted only until now. What a start of Keelson missed is found by the first ones.
 */
export const createRounds = (deps: RoundsDeps) => {
  const { orchestrator, books, files, auditor, schedule, clock, log } = deps
  const known = new Set<string>()
  const former = new Map<string, Awaited<ReturnType<Books['audited']>>[number]>()
  let nextLapse: Date | undefined
  let count = 0
  let timer: Timer | undefined
  let round: Promise<void> = Promise.resolve()
  let isStopped = false

  /** Of a stack that was audited before this start, only what is not as it was is audited again. */
  const meet = async ({ name, revision }: Stack): Promise<void> => {
    known.add(name)
    const before = former.get(name)
    former.delete(name)
    if (before === undefined || before.revision !== revision) {
      schedule.want(name)
      return
    }
    auditor.remember(name, before)
    await files.follow(name, before.folder, before.watched)
    if (await files.hasChanged(name)) schedule.want(name)
    else schedule.consider(name)
  }

  const lookAtStacks = async (): Promise<void> => {
    const stacks = orchestrator.stacks().filter(({ builtIn }) => !builtIn)
    const names = new Set(stacks.map(({ name }) => name))
    for (const name of known.difference(names)) {
      known.delete(name)
      for (const part of [files, auditor, schedule]) part.forget(name)
    }
    for (const stack of stacks) {
      if (!known.has(stack.name)) await meet(stack)
      else if ((auditor.revisionOf(stack.name) ?? stack.revision) !== stack.revision) {
        schedule.want(stack.name)
      }
    }
  }

  const lapse = async (): Promise<void> => {
    if (nextLapse === undefined || nextLapse > clock.now()) return
    for (const stack of await books.lapse()) {
      deps.tell(stack)
      if (known.has(stack)) schedule.want(stack)
    }
    nextLapse = await books.nextLapse()
  }

  const look = async (): Promise<void> => {
    count += 1
    await lookAtStacks()
    await files.look()
    await lapse()
    if (count % requestsEvery === 0) {
      await auditor.lookAtRequests()
      for (const name of known) schedule.consider(name)
    }
    if (count % forgetEvery === 0) await books.forgetGone()
  }

  const next = (): void => {
    if (isStopped) return
    timer = clock.setTimer(() => {
      round = look()
        .catch((error: unknown) =>
          log.debug({ reason: messageOf(error) }, 'stacks are looked at for gaps a round later'),
        )
        .finally(next)
    }, roundMs)
  }

  return {
    async start(): Promise<void> {
      for (const before of await books.audited()) former.set(before.stack, before)
      nextLapse = await books.nextLapse()
      next()
    },
    async stop(): Promise<void> {
      isStopped = true
      timer?.cancel()
      await round
    },
    knows: (stack: string): boolean => known.has(stack),
    async acceptancesChanged(): Promise<void> {
      nextLapse = await books.nextLapse()
    },
  }
}
