import { posix } from 'node:path'

/** `.` for the root. */
export const folderName = (folder: string): string =>
  folder === '' ? '.' : posix.normalize(folder)
