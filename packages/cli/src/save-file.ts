import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Context } from './context.ts'
import { usageError } from './failure.ts'

/** Writes what `--output` asks for. Throws CommandError (exit code 2) where it cannot be. */
export const saveFile = async (
  { cwd }: Pick<Context, 'cwd'>,
  path: string,
  text: string,
  mode?: number,
): Promise<void> => {
  try {
    await writeFile(resolve(cwd, path), text, { mode })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reason = code === 'ENOENT' ? 'no such folder' : message
    throw usageError(`${path} cannot be written: ${reason}`, 'name another file with --output')
  }
}
