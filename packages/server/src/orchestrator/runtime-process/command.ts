import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ServiceSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import type { InstanceSpec } from '../runtime.ts'
import { markerVariable } from './process-tree.ts'
import { findProgram } from './program.ts'

/** What a service of this runtime takes over from Keelson's own environment, unless given. */
const inheritedVariables = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR']

/**
 * The whole environment of an instance. Nothing else of Keelson's own gets through: it holds the
 * address of the database and other secrets.
 */
export const environmentOf = (
  { environment, incarnation }: Pick<InstanceSpec, 'environment' | 'incarnation'>,
  login: Readonly<Record<string, string>> = {},
): Record<string, string> => {
  const all: Record<string, string> = {}
  for (const name of inheritedVariables) {
    const value = process.env[name]
    if (value !== undefined) all[name] = value
  }
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    ...all,
    ...login,
    ...environment,
    [markerVariable]: incarnation,
  }
}

/** What dash, bash or busybox set by themselves, or drop, whatever they are given. */
const variablesOfShells = new Set(
  'IFS OPTIND OPTARG PPID PS1 PS2 PS4 PWD OLDPWD SHLVL UID EUID SHELLOPTS BASHOPTS _'.split(' '),
)

/** What a shell sets by itself has to be set again behind it. */
export const isSetByShells = (name: string): boolean => variablesOfShells.has(name)

/** `spring.profiles.active`: no shell can use it, and only some hand it on. */
export const isOddName = (name: string): boolean => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)

/** Throws AppError('working_dir_not_found'). */
export const resolveWorkingDir = async (spec: ServiceSpec, stackDir: string): Promise<string> => {
  const folder = resolve(stackDir, spec.workingDir ?? '.')
  const found = await stat(folder).catch(() => null)
  if (found?.isDirectory() === true) return folder
  const what = found === null ? 'does not exist' : 'is not a folder'
  throw new AppError('working_dir_not_found', {
    message: `The working directory of service ${spec.name} ${what}: ${folder}`,
  })
}

/**
 * The argv of a service, with its program as an absolute path. Looked up here and not left to
 * exec(3), so that a wrong name is an answer to the request and not an exit code 127 later.
 * Throws AppError('command_not_found').
 */
export const resolveCommand = async (
  spec: ServiceSpec,
  workingDir: string,
  path: string,
): Promise<[string, ...string[]]> => {
  const [program, ...rest] = [...(spec.entrypoint ?? []), ...(spec.command ?? [])]
  if (program === undefined || program === '') {
    const message = `Service ${spec.name} has no command to run as a process`
    throw new AppError('command_not_found', { message })
  }
  const found = await findProgram(program, workingDir, path)
  if (found !== undefined) return [found, ...rest]
  const where = program.includes('/') ? `in ${workingDir}` : 'in the PATH of the service'
  throw new AppError('command_not_found', {
    message: `The command of service ${spec.name} does not exist ${where}: ${program}`,
  })
}
