import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve } from 'node:path'

/** An executable file by its name, as execvp(3) looks for it. */
export const findProgram = async (
  program: string,
  workingDir: string,
  path: string,
): Promise<string | undefined> => {
  const candidates = program.includes('/')
    ? [resolve(workingDir, program)]
    : path
        .split(delimiter)
        .map((folder) => join(isAbsolute(folder) ? folder : join(workingDir, folder), program))
  for (const candidate of candidates) {
    const file = await stat(candidate).catch(() => null)
    if (file?.isFile() !== true) continue
    const executable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (executable) return candidate
  }
  return undefined
}

/** A program of the system, which the shim starts the command with. */
export const findSystemProgram = (name: string): Promise<string | undefined> =>
  findProgram(name, '/', `/usr/bin:/bin:/usr/sbin:/sbin:${process.env['PATH'] ?? ''}`)
