import { join, resolve } from 'node:path'
import type { HookSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import type { InstanceSpec } from '../runtime.ts'
import { environmentOf } from './command.ts'
import type { InstanceRecord, RecordedPids } from './incarnation-folder.ts'
import type { Draft } from './launch.ts'
import { enterWrapper } from './namespace.ts'
import { findEnvironment } from './process-table.ts'
import { findProgram } from './program.ts'
import { quote, shellFor } from './shell.ts'
import { findTerminalProgram } from './terminal.ts'
import { loginEnvironment, resolveUser, userWrapper } from './user.ts'
import type { ServiceUser } from './user.ts'

/** A running instance, as far as a command beside it needs it. */
export type Host = {
  record: InstanceRecord
  pids: RecordedPids
  environment: Readonly<Record<string, string>>
}

export type BesideCommand = {
  command: readonly string[]
  environment?: Readonly<Record<string, string>>
  user?: string
  workingDir?: string
  tty?: { columns: number; rows: number } | null
}

export type SpawnPlan = {
  argv: [string, ...string[]]
  cwd: string
  env: Record<string, string>
}

/** The environment that an instance was started with, also by a Keelson that is gone. */
export const recoverEnvironment = async (
  record: InstanceRecord,
  pids: RecordedPids,
): Promise<Record<string, string>> =>
  // The shim never changes its own, and so it need not lie on disk. The main process may have
  // written over its copy.
  (await findEnvironment(pids.shim.pid)) ??
  (await findEnvironment(pids.main.pid)) ??
  environmentOf({ environment: {}, incarnation: record.incarnation })

/**
 * How to run a command as if the instance had: its user, variables, folder, mounts and control
 * groups. Throws AppError('exec_failed') when the program or the folder is not there, and
 * 'user_not_found'.
 */
export const planBeside = async (host: Host, wanted: BesideCommand): Promise<SpawnPlan> => {
  const { record, pids } = host
  const user = await otherUser(record.service, wanted.user)
  const env = { ...host.environment, ...loginEnvironment(user), ...wanted.environment }
  const cwd = resolve(record.workingDir, wanted.workingDir ?? '.')
  const command = await resolveBeside(wanted.command, cwd, env)
  const shell = await shellFor(env)
  const words: string[] = record.namespace ? await enterWrapper(pids.main.pid) : []
  const joins = record.cgroups.map((folder) => join(folder, 'cgroup.procs'))
  words.push(...shell.words, join(import.meta.dirname, 'join.sh'), cwd, ...joins, '--')
  words.push(...(await userWrapper(record.service, wanted.user === undefined ? record.user : user)))
  words.push(...(await inTerminal(command, env, wanted.tty ?? null, shell.words[0])))
  return { argv: words as [string, ...string[]], cwd: '/', env }
}

/**
 * The same for a probe, which comes every few seconds: in the control groups of Keelson, and
 * through no shell unless the instance has a mount namespace.
 */
export const planProbe = async (host: Host, command: readonly string[]): Promise<SpawnPlan> => {
  const { record, pids } = host
  const env = { ...host.environment }
  const found = await resolveBeside(command, record.workingDir, env)
  const user = await userWrapper(record.service, record.user)
  if (!record.namespace) {
    return { argv: [...user, ...found] as [string, ...string[]], cwd: record.workingDir, env }
  }
  const shell = await shellFor(env)
  const script = join(import.meta.dirname, 'join.sh')
  const inside = [...(await enterWrapper(pids.main.pid)), ...shell.words, script]
  const argv = [...inside, record.workingDir, '--', ...user, ...found]
  return { argv: argv as [string, ...string[]], cwd: '/', env }
}

/** How to run a command as an instance would that is not there: in no control group, under no limit. */
export const planHook = async (
  { spec }: InstanceSpec,
  draft: Draft,
  hook: HookSpec,
): Promise<SpawnPlan> => {
  const user = await otherUser(spec.name, hook.user)
  const env = { ...draft.environment, ...loginEnvironment(user), ...hook.environment }
  const cwd = resolve(draft.workingDir, hook.workingDir ?? '.')
  const words = hook.user === undefined ? draft.userWords : await userWrapper(spec.name, user)
  const command = await resolveBeside(hook.command, cwd, env)
  return { argv: [...words, ...command] as [string, ...string[]], cwd, env }
}

/** Null when the command runs as the instance does. */
const otherUser = async (service: string, user?: string): Promise<ServiceUser | null> =>
  user === undefined ? null : resolveUser({ name: service, user, groups: [], origins: {} })

const resolveBeside = async (
  [program = '', ...args]: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<[string, ...string[]]> => {
  const found = await findProgram(program, cwd, env['PATH'] ?? '')
  if (found !== undefined) return [found, ...args]
  throw new AppError('exec_failed', { message: `command not found: ${program}` })
}

/** A terminal around a command, by script(1). */
const inTerminal = async (
  command: readonly string[],
  env: Record<string, string>,
  size: { columns: number; rows: number } | null,
  shell: string,
): Promise<string[]> => {
  if (size === null) return [...command]
  const program = await findTerminalProgram()
  // It runs the command with $SHELL, which of a service can be /usr/sbin/nologin.
  const own = env['SHELL']
  const restore = own === undefined ? 'unset SHELL' : `SHELL=${quote(own)}`
  env['SHELL'] = shell
  env['TERM'] ??= 'xterm-256color'
  const start = `stty rows ${size.rows} cols ${size.columns}; ${restore}; exec ${command.map(quote).join(' ')}`
  return [
    program,
    '--quiet',
    '--return',
    '--flush',
    '--echo',
    'always',
    '--command',
    start,
    '/dev/null',
  ]
}
