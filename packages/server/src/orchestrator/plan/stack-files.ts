import { access, constants } from 'node:fs/promises'
import type {
  FilesPlan,
  Plan,
  ProblemDetail,
  Reading,
  ServiceSpec,
  StackSpec,
} from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AppError, messageOf } from '../../kernel/errors.ts'
import type { KnownStacks } from '../known-stacks.ts'
import type { FilesReader } from './files-reader.ts'

type FilesDeps = {
  stacks: Pick<KnownStacks, 'whenComplete'> & { get(name: string): { spec: StackSpec } }
  clock: Clock
  read: FilesReader
  plan: (stack: StackSpec) => Promise<Plan>
  apply: (actor: Actor, stack: StackSpec, options: { planDigest: string }) => Promise<Plan>
}

/** With the services that the files make. */
type PlannedFiles = FilesPlan & { services: readonly ServiceSpec[] }

type Read = { spec: StackSpec; warnings: ProblemDetail[]; changed: string[] }

export type StackFiles = ReturnType<typeof createStackFiles>

/** The files of a stack as they are now: what applying them would do, and doing it. */
export const createStackFiles = ({ stacks, clock, read, plan, apply }: FilesDeps) => {
  /** Several pages that ask at once get one answer. */
  const asked = new Map<string, Promise<PlannedFiles>>()

  const inTurn = createTurns<Read>()
  const readAgain = (name: string): Promise<Read> => inTurn(name, () => readNow(name))

  const readNow = async (name: string): Promise<Read> => {
    await stacks.whenComplete()
    const { spec: applied } = stacks.get(name)
    const { reading } = applied
    if (reading === undefined) throw unknownReading(applied)
    const found = await read(reading).catch((error: unknown) => {
      throw unreadable(applied, reading, `Reading it failed: ${messageOf(error)}`)
    })
    if (found.kind === 'refused') {
      const lost = await firstUnreadable(applied.files)
      if (lost !== undefined) throw unreadable(applied, reading, lost)
      const [first] = found.faults
      const message = first?.message ?? `The files of ${name} cannot be read`
      throw new AppError('stack_invalid', { message }, { errors: found.faults })
    }
    if (found.spec.name !== name) {
      const message = `The files are of a stack ${found.spec.name} now, not of ${name}`
      throw unreadable(applied, reading, message)
    }
    const { spec, warnings } = found
    return { spec, warnings, changed: changedFiles(applied, spec) }
  }

  const planNow = async (name: string): Promise<PlannedFiles> => {
    const { spec, warnings, changed } = await readAgain(name)
    const readAt = clock.now().toISOString()
    return { plan: await plan(spec), changed, warnings, readAt, services: spec.services }
  }

  return {
    /**
     * What applying them would do. Throws stack_files_unreadable, stack_invalid with every fault and
     * its place, and what making a plan throws.
     */
    plan(name: string): Promise<PlannedFiles> {
      const under = asked.get(name)
      if (under !== undefined) return under
      const answer = planNow(name).finally(() => asked.delete(name))
      asked.set(name, answer)
      return answer
    },

    /** Reads them once more and applies them; plan_outdated when that is not what was looked at. */
    async apply(actor: Actor, name: string, planDigest: string): Promise<Plan> {
      const { spec } = await readAgain(name)
      return apply(actor, spec, { planDigest })
    },
  }
}

/**
 * One reading of a stack at a time, because each is a process. Who asks while one is under way may
 * have changed a file since it began, so all of them share the next one.
 */
const createTurns = <T>() => {
  const underWay = new Map<string, Promise<T>>()
  const waiting = new Map<string, Promise<T>>()
  const begin = (name: string, work: () => Promise<T>): Promise<T> => {
    const turn = work().finally(() => underWay.delete(name))
    underWay.set(name, turn)
    return turn
  }
  return (name: string, work: () => Promise<T>): Promise<T> => {
    const shared = waiting.get(name)
    if (shared !== undefined) return shared
    const before = underWay.get(name)
    if (before === undefined) return begin(name, work)
    const next = before
      .catch(() => undefined)
      .then(() => {
        waiting.delete(name)
        return begin(name, work)
      })
    waiting.set(name, next)
    return next
  }
}

const changedFiles = (before: StackSpec, now: StackSpec): string[] => {
  const old = new Map(before.sources.map(({ path, sha256 }) => [path, sha256]))
  const left = new Set(now.sources.map(({ path }) => path))
  return [
    ...now.sources.filter(({ path, sha256 }) => old.get(path) !== sha256),
    ...before.sources.filter(({ path }) => !left.has(path)),
  ].map(({ path }) => path)
}

const firstUnreadable = async (files: readonly string[]): Promise<string | undefined> => {
  for (const file of files) {
    const why = await access(file, constants.R_OK).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code ?? error.message,
    )
    if (why === 'ENOENT') return `${file} is not there any more`
    if (why !== undefined) return `${file} cannot be read by Keelson (${why})`
  }
  return undefined
}

const unknownReading = ({ name, workingDir }: StackSpec): AppError =>
  new AppError(
    'stack_files_unreadable',
    { message: `How the files of ${name} are read is not known: it was not applied by keelson up` },
    { hint: `Run: ${inFolder(workingDir)} && keelson plan` },
  )

const unreadable = ({ workingDir }: StackSpec, reading: Reading, message: string): AppError => {
  const options = [
    ...(reading.projectName === undefined ? [] : ['-p', reading.projectName]),
    ...reading.files.flatMap((file) => ['-f', file]),
    ...reading.profiles.flatMap((profile) => ['--profile', profile]),
    ...reading.envFiles.flatMap((file) => ['--env-file', file]),
  ].map(quoted)
  const folder = reading.files.length > 0 ? reading.cwd : workingDir
  const command = ['keelson', ...options, 'plan'].join(' ')
  return new AppError(
    'stack_files_unreadable',
    { message },
    { hint: `Run: ${inFolder(folder)} && ${command}` },
  )
}

const inFolder = (folder: string): string => `cd ${quoted(folder)}`

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
