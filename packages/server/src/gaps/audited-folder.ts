import { realpath, stat } from 'node:fs/promises'
import { sep } from 'node:path'

/**
 * Why the folder of a stack is not audited; undefined when it can be. A stack that was not applied
 * from files has none, and the folder that holds everybody's files is nobody's repository.
 */
export const folderFault = async (
  { name, workingDir, files }: { name: string; workingDir: string; files: readonly string[] },
  dataDir: string,
): Promise<string | undefined> => {
  if (files.length === 0) return `${name} was not applied from files`
  const folder = await realpath(workingDir).catch(() => undefined)
  if (folder === undefined) return `The folder ${workingDir} is not there, or cannot be entered`
  const found = await stat(folder)
  if (!found.isDirectory()) return `${workingDir} is not a folder`
  if (folder === sep) return 'The folder of the stack is the root of this machine'
  const data = await realpath(dataDir).catch(() => dataDir)
  if (`${data}${sep}`.startsWith(`${folder}${sep}`)) {
    return `The folder ${workingDir} holds the data folder of Keelson`
  }
  return undefined
}
