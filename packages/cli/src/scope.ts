import { realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Stack, StackState } from '@keelson/contract'
import { ProblemError } from '@keelson/sdk'
import type { Context } from './context.ts'
import { exitCodes } from './exit-code.ts'
import { CommandError } from './failure.ts'
import { demoFolder, repositoryRoot } from './paths.ts'
import type { Platform } from './platform.ts'

/**
 * The stack a command means: the one that is named, else the one that runs from the compose file
 * that is named, else the one of this folder or of the nearest folder above; in Keelson's own
 * repository the demo. Undefined: all.
 */
export const findStack = async (context: Context, stacks: readonly Stack[]) => {
  const named = context.shared.projectName ?? context.env['COMPOSE_PROJECT_NAME']
  if (named !== undefined && named !== '') {
    const stack = stacks.find(({ name }) => name === named)
    if (stack !== undefined) return stack
    throw unknownStack(named, stacks)
  }
  const own = stacks.filter(({ builtIn }) => !builtIn)
  const [file = fileOfEnvironment(context.env)] = context.shared.files
  if (file !== undefined) {
    const path = await realPath(resolve(context.cwd, file))
    return findOnly(await filter(own, async ({ files }) => (await realPaths(files)).includes(path)))
  }
  for (let folder = await realPath(context.cwd); ; folder = dirname(folder)) {
    const here = await filter(own, async (stack) => (await realPath(stack.workingDir)) === folder)
    if (here.length > 0) return findOnly(here)
    if (folder === dirname(folder)) break
  }
  // `npm start` runs in the repository, and the demo's file lies below it.
  const isHome = (await realPath(context.cwd)) === (await realPath(repositoryRoot))
  return isHome ? own.find(({ workingDir }) => workingDir === demoFolder) : undefined
}

/** The first of `COMPOSE_FILE`, as Docker Compose separates them. */
const fileOfEnvironment = (env: Context['env']): string | undefined => {
  const { COMPOSE_FILE: files = '', COMPOSE_PATH_SEPARATOR: separator = ':' } = env
  return files === '' ? undefined : files.split(separator === '' ? ':' : separator)[0]
}

/** The stack a command is about, for one that cannot be about all of them. */
export const requireStack = async (context: Context, platform: Platform): Promise<Stack> => {
  const stacks = await listStacks(platform)
  const stack = (await findStack(context, stacks)) ?? onlyOf(stacks)
  if (stack !== undefined) return stack
  throw new CommandError('stack_not_found', exitCodes.notFound, [
    { message: `No stack runs from ${context.cwd}`, hint: hintOfStacks(stacks) },
  ])
}

/** Beside what Keelson brings itself. */
export const onlyOf = (stacks: readonly Stack[]): Stack | undefined => {
  const own = stacks.filter(({ builtIn }) => !builtIn)
  return own.length === 1 ? own[0] : undefined
}

export const listStacks = async (platform: Platform): Promise<Stack[]> =>
  (await platform.call('listStacks', {})).items

/** The file of a stack beside what runs; undefined when the stack has just gone. */
export const findStackState = async (
  platform: Platform,
  stack: string,
): Promise<StackState | undefined> => {
  try {
    return await platform.call('getStackState', { params: { stack } })
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status === 404) return undefined
    throw error
  }
}

/** One folder may run several stacks (`-p`); then one has to be named. */
const findOnly = (stacks: readonly Stack[]): Stack | undefined => {
  const [first, second] = stacks
  if (first === undefined || second === undefined) return first
  const names = stacks.map(({ name }) => name).join(', ')
  throw new CommandError('stack_ambiguous', exitCodes.conflict, [
    {
      message: `Several stacks run from ${first.workingDir}: ${names}`,
      hint: `Name one: --stack ${first.name}`,
    },
  ])
}

const unknownStack = (name: string, stacks: readonly Stack[]): CommandError =>
  new CommandError('stack_not_found', exitCodes.notFound, [
    { message: `There is no stack ${name}`, hint: hintOfStacks(stacks) },
  ])

/** Names what runs, so that the next attempt finds it. */
export const hintOfStacks = (stacks: readonly Stack[]): string => {
  const names = stacks.filter(({ builtIn }) => !builtIn).map(({ name }) => name)
  return names.length === 0
    ? 'No stack runs here; start one with: keelson up'
    : `Name one of these with --stack: ${names.join(', ')}`
}

export const isForbidden = (error: unknown): boolean =>
  error instanceof ProblemError && error.problem.status === 403

/** What is enough to find services in: a stack, or the name of one that may not be read. */
export type ServicePlace = Pick<Stack, 'name' | 'services'> | undefined

/**
 * Where services that are named are looked for. Whoever may not read stacks gets to what the platform
 * finds by the names alone, or to the stack they name themselves.
 */
export const findPlace = async (
  context: Context,
  platform: Platform,
  names: readonly string[],
): Promise<ServicePlace> => {
  if (names.length > 0 && names.every((name) => name.includes('/'))) return undefined
  try {
    const stacks = await listStacks(platform)
    return (await findStack(context, stacks)) ?? onlyOf(stacks)
  } catch (error) {
    if (!isForbidden(error)) throw error
    const named = context.shared.projectName ?? context.env['COMPOSE_PROJECT_NAME'] ?? ''
    return named === '' ? undefined : { name: named, services: [...names] }
  }
}

/** Where a service is looked for: `stack/name` says it itself. */
export const serviceCall = (name: string, stack: ServicePlace) => ({
  params: { name },
  ...(name.includes('/') || stack === undefined || !stack.services.includes(name)
    ? {}
    : { query: { stack: stack.name } }),
})

const filter = async <T>(
  items: readonly T[],
  test: (item: T) => Promise<boolean>,
): Promise<T[]> => {
  const results = await Promise.all(items.map(test))
  return items.filter((_, index) => results[index])
}

const realPaths = (paths: readonly string[]) => Promise.all(paths.map(realPath))

/** A path without links; a file that is gone by now keeps the name it had. */
const realPath = (path: string): Promise<string> => realpath(path).catch(() => path)
