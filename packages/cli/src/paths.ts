import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

type Environment = Readonly<Record<string, string | undefined>>

/** Root of the repository: blueprints and the built page lie there. */
export const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')

/** Folder of the demo stack that `keelson up --demo` starts. */
export const demoFolder = join(repositoryRoot, 'blueprints', 'shop')

/** The page's package, and what its build leaves for the platform to serve. */
export const webFolder = join(repositoryRoot, 'packages', 'web')
export const webIndex = join(webFolder, 'dist', 'index.html')

/** Entry of the platform; resolved through the package, so that it may be installed anywhere. */
export const platformEntry = (): string =>
  fileURLToPath(import.meta.resolve('@keelson/server/main'))

/** The shell script that starts the platform, and starts it again when it dies. */
export const watchdogEntry = (): string =>
  fileURLToPath(new URL('./kernel/watchdog.sh', import.meta.resolve('@keelson/server/main')))

/** Entry of the backup program, beside the platform's. */
export const backupEntry = (): string =>
  fileURLToPath(new URL('./backup.ts', import.meta.resolve('@keelson/server/main')))

/** Entry of the program that verifies the audit. */
export const verifyAuditEntry = (): string =>
  fileURLToPath(new URL('./verify-audit.ts', import.meta.resolve('@keelson/server/main')))

/** `~/.keelson` unless KEELSON_DATA_DIR says otherwise; the platform uses the same rule. */
export const dataFolderOf = (env: Environment): string =>
  resolve(env['KEELSON_DATA_DIR'] ?? join(homedir(), '.keelson'))
