import { realpath } from 'node:fs/promises'

/**
 * Does a project of Docker Compose run from another folder than a stack of its name? Then it is
 * somebody else's. A folder that is not there (any more) says nothing: projects are moved.
 */
export const isOtherFolder = async (
  folder: string | null | undefined,
  workingDir: string,
): Promise<boolean> => {
  if (folder === null || folder === undefined || folder === workingDir) return false
  const [theirs, ours] = await Promise.all(
    [folder, workingDir].map((path) => realpath(path).catch(() => null)),
  )
  return theirs !== null && theirs !== (ours ?? workingDir)
}
