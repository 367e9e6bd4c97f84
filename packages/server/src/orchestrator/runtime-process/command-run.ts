import { spawn } from 'node:child_process'
import type { ExecLimits, ExecResult } from '../runtime.ts'
import { sendSignal } from './process-tree.ts'

export type CommandRun = ExecLimits & {
  argv: readonly [string, ...string[]]
  cwd: string
  env: Readonly<Record<string, string>>
}

/**
 * Runs a command to its end, in a group of its own. At the timeout the group is killed; so is what
 * a command leaves behind, because a probe that runs every second must not fill the host.
 */
export const runCommand = ({
  argv: [program, ...args],
  cwd,
  env,
  timeoutMs,
  outputLimitBytes,
}: CommandRun): Promise<ExecResult> =>
  new Promise((resolve) => {
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
    const child = spawn(program, args, { cwd, env, detached: true, stdio })
    const chunks: Buffer[] = []
    let bytes = 0
    let timedOut = false
    const take = (chunk: Buffer): void => {
      if (bytes >= outputLimitBytes) return
      chunks.push(chunk.subarray(0, outputLimitBytes - bytes))
      bytes += chunk.length
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    const killGroup = (): void => {
      if (child.pid !== undefined) sendSignal(-child.pid, 'SIGKILL')
    }
    const timer = setTimeout(() => {
      timedOut = true
      killGroup()
    }, timeoutMs)
    const finish = (exitCode: number | null, extra = ''): void => {
      clearTimeout(timer)
      child.stdout.destroy()
      child.stderr.destroy()
      const output = Buffer.concat(chunks).toString('utf8') + extra
      resolve({ exitCode: timedOut ? null : exitCode, output, timedOut })
    }
    child.once('error', (error) => finish(127, error.message))
    child.once('exit', (code) => {
      killGroup()
      // With the group gone the pipes end, unless a process that left it holds them: give the
      // output one turn to arrive and do not wait for such a one.
      const last = setTimeout(() => finish(code), 100)
      child.once('close', () => {
        clearTimeout(last)
        finish(code)
      })
    })
  })
