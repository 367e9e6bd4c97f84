import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Log } from './log.ts'

const lookMs = 5000

/**
 * The watchdog restarts this process; this process replaces the watchdog. A killed one is noticed
 * by the change of parent, and a new one takes over from outside (`--after`, see watchdog.sh).
 */
export const keepWatchdog = (dataDir: string, log: Log): void => {
  const parent = process.ppid
  let replacement: ChildProcess | null = null

  const isWatched = (): boolean =>
    replacement === null
      ? process.ppid === parent
      : replacement.exitCode === null && replacement.signalCode === null

  const replace = (): void => {
    log.warn({}, 'the watchdog is gone: starting another')
    const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
    const script = join(import.meta.dirname, 'watchdog.sh')
    const child = spawn('/bin/sh', [script, '--after', String(process.pid), ...program], {
      cwd: dataDir,
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    child.once('error', (error) => log.error({ err: error }, 'no watchdog could be started'))
    child.unref()
    replacement = child
  }

  setInterval(() => {
    if (!isWatched()) replace()
  }, lookMs).unref()
}
