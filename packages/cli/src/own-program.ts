import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Context } from './context.ts'
import { exitCodes } from './exit-code.ts'

/**
 * Runs one of the platform's own programs, which know the database; it writes and answers as a
 * command would, so its output and its exit code are handed through.
 */
export const runOwnProgram = async (
  { env, dataFolder, shared }: Context,
  entry: string,
  args: readonly string[],
): Promise<number> => {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', entry, ...args, ...(shared.json ? ['--json'] : [])],
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
