import { resolve } from 'node:path'
import type { Context } from '../context.ts'
import { runOwnProgram } from '../own-program.ts'
import { backupEntry } from '../paths.ts'

export type BackupOptions = { force?: boolean }
export type BackupVerb = 'create' | 'restore' | 'verify'

export const createBackup =
  (verb: BackupVerb) =>
  (context: Context, { force }: BackupOptions, [file = '']: readonly string[]): Promise<number> =>
    runOwnProgram(context, backupEntry(), [
      ...[verb, resolve(context.cwd, file)],
      ...(force === true ? ['--force'] : []),
    ])
