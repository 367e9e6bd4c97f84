import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { backupEntry } from '../paths.ts'

export type BackupOptions = { force?: boolean }
export type BackupVerb = 'create' | 'restore' | 'verify'

/**
 * Runs the platform's own backup program, which knows the database; it writes and answers as this
 * command would, so its output and its exit code are handed through.
 */
export const createBackup =
  (verb: BackupVerb) =>
  async (
    context: Context,
    { force }: BackupOptions,
    [file = '']: readonly string[],
  ): Promise<number> => {
    const { cwd, env, dataFolder, shared } = context
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        backupEntry(),
        verb,
        resolve(cwd, file),
        ...(force === true ? ['--force'] : []),
        ...(shared.json ? ['--json'] : []),
      ],
      { stdio: 'inherit', env: { ...env, KEELSON_DATA_DIR: dataFolder } },
    )
    // The terminal sends Ctrl-C to both; the other program cleans up, this one waits for it.
    const wait = () => undefined
    process.on('SIGINT', wait)
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
    process.off('SIGINT', wait)
    if (signal === 'SIGINT') return exitCodes.interrupted
    return code ?? exitCodes.failure
  }
