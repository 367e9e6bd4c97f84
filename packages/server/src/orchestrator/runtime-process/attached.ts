import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { AppError, messageOf } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { AttachedRun } from '../runtime.ts'
import type { SpawnPlan } from './beside.ts'
import { killMarked, sendSignal, signalNumber } from './process-tree.ts'
import { resizeTerminal } from './terminal.ts'

/** In the environment of everything that a command beside an instance starts. */
const runVariable = 'KEELSON_RUN'
/** And whose it is: what a dead Keelson left is ended by the next. */
const runnerVariable = 'KEELSON_RUNNER'

/** Commands that run beside instances, for as long as this Keelson does. */
export type Runs = {
  attach(plan: SpawnPlan, terminal: boolean): Promise<AttachedRun>
  /** Runs to the end, its own or that of `until`, with its output in a file, or piece by piece. */
  run(
    plan: SpawnPlan,
    output: number | ((bytes: Buffer) => void),
    until?: AbortSignal,
  ): Promise<number | null>
  /** Ends what a Keelson before this one has left running. */
  sweep(): Promise<void>
  close(): Promise<void>
}

/** `owner` tells the runs of one state folder from those of others on this host. */
export const createRuns = (owner: string): Runs => {
  const running = new Set<() => Promise<void>>()

  const start = async (plan: SpawnPlan, stdio: ('pipe' | 'ignore' | number)[]) => {
    const [program, ...args] = plan.argv
    const id = newId()
    const env = { ...plan.env, [runVariable]: id, [runnerVariable]: owner }
    const child = spawn(program, args, { cwd: plan.cwd, env, detached: true, stdio })
    // Before the first wait, or an early end is missed.
    const ended = endOf(child)
    const kill = async (): Promise<void> => {
      if (child.pid !== undefined && child.exitCode === null) sendSignal(-child.pid, 'SIGKILL')
      await killMarked(`${runVariable}=${id}`)
    }
    running.add(kill)
    void ended.then(() => running.delete(kill))
    try {
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve)
        child.once('error', reject)
      })
    } catch (cause) {
      running.delete(kill)
      throw new AppError('exec_failed', { message: messageOf(cause) }, { cause })
    }
    return { child, ended, kill }
  }

  return {
    attach: async (plan, terminal) => {
      const { child, ended, kill } = await start(plan, ['pipe', 'pipe', 'pipe'])
      const { stdin, stdout, stderr } = child
      if (stdin === null || stdout === null || stderr === null) {
        throw new AppError('exec_failed', { message: 'the command got no streams' })
      }
      // Who writes to a command that has ended learns it from `exitCode`.
      stdin.on('error', () => undefined)
      if (terminal) stderr.resume()
      return {
        stdin,
        stdout,
        stderr: terminal ? null : stderr,
        exitCode: ended,
        resize: async (size) => {
          if (terminal && child.pid !== undefined) await resizeTerminal(child.pid, size)
        },
        kill,
      }
    },

    run: async (plan, output, until) => {
      const to = typeof output === 'number' ? output : 'pipe'
      const { child, ended, kill } = await start(plan, ['ignore', to, to])
      if (until !== undefined) killWhen(until, ended, kill)
      if (typeof output !== 'number') {
        child.stdout?.on('data', output)
        child.stderr?.on('data', output)
      }
      return ended
    },

    sweep: async () => {
      await killMarked(`${runnerVariable}=${owner}`)
    },

    close: async () => {
      await Promise.all([...running].map((kill) => kill()))
    },
  }
}

const killWhen = (until: AbortSignal, ended: Promise<unknown>, kill: () => Promise<void>): void => {
  const end = (): void => void kill()
  if (until.aborted) end()
  until.addEventListener('abort', end, { once: true })
  void ended.then(() => until.removeEventListener('abort', end))
}

/** As a shell tells it: 128 and the number of the signal. Null when it never started. */
const endOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    child.once('error', () => resolve(null))
    child.once('exit', (code, signal) =>
      resolve(code ?? (signal === null ? null : 128 + signalNumber(signal))),
    )
  })
