import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, rename, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AppError } from '../errors.ts'
import { asFolderError, ensureFolder, errnoOf, syncFolder, writeDurably } from './durable-file.ts'
import type { Layout } from './layout.ts'
import { accessFile, customFile, mainFile, settingsFile } from './settings.ts'
import { Secret, type Log } from '../log.ts'
import type { Runtime } from './runtime.ts'

export const superuser = 'keelson'

const run = promisify(execFile)

/** initdb takes about a second; on a busy disk, with everything to be synced, much longer. */
const INITDB_TIMEOUT_MS = 180_000

/**
 * Is there a cluster? Throws `postgres_version_mismatch` { folder, found, needed } for one of
 * another major version and `postgres_unavailable` for a folder that is none; touches nothing.
 */
export const hasCluster = async ({ clusterDir }: Layout, runtime: Runtime): Promise<boolean> => {
  const found = await findVersion(clusterDir).catch((cause: unknown) => {
    throw asFolderError(cause, clusterDir)
  })
  if (found !== undefined && found !== String(runtime.major)) {
    throw mismatch(clusterDir, found, runtime)
  }
  return found !== undefined
}

/**
 * Makes sure that there is a cluster with our settings, whose superuser has this password when
 * it is new. Throws `postgres_disk_full` { folder, freeBytes }.
 */
export const ensureCluster = async (
  layout: Layout,
  runtime: Runtime,
  password: Secret,
  log: Log,
): Promise<void> => {
  try {
    if (!existsSync(layout.clusterDir)) await createCluster(layout, runtime, password, log)
    await removeLeftovers(layout, log)
    await writeSettings(layout)
  } catch (cause) {
    throw asFolderError(cause, layout.clusterDir)
  }
}

const mismatch = (folder: string, found: string, runtime: Runtime): AppError => {
  const message =
    `The folder ${folder} belongs to PostgreSQL ${found}, ` +
    `and this Keelson brings PostgreSQL ${runtime.version}`
  return new AppError('postgres_version_mismatch', {
    message,
    folder,
    found,
    needed: String(runtime.major),
  })
}

/**
 * The major version a cluster was made with; undefined when there is no cluster. A folder that
 * holds anything else is refused rather than overwritten.
 */
const findVersion = async (clusterDir: string): Promise<string | undefined> => {
  try {
    return (await readFile(join(clusterDir, 'PG_VERSION'), 'utf8')).trim()
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown
    if (!existsSync(clusterDir)) return undefined
    const reason = 'the folder exists and holds no cluster (no PG_VERSION)'
    const message = `${clusterDir} is not a PostgreSQL folder: move it away and start again`
    throw new AppError(
      'postgres_unavailable',
      { message, folder: clusterDir, reason },
      { cause: thrown },
    )
  }
}

const temporaryPrefix = 'postgres.new.'

/**
 * What a killed attempt left behind. Its initdb may have outlived it and still be at work there,
 * so it may fail to go away now; the next start tries again.
 */
const removeLeftovers = async ({ home }: Layout, log: Log): Promise<void> => {
  for (const name of await readdir(home)) {
    if (!name.startsWith(temporaryPrefix)) continue
    await rm(join(home, name), { recursive: true, force: true, maxRetries: 3 }).catch(
      (error: unknown) =>
        log.warn({ err: error, name }, 'a leftover of initdb could not be removed'),
    )
  }
}

/**
 * initdb in a folder aside, renamed into place when everything in it is on the disk: a kill at
 * any point leaves no cluster or a whole one. The folder has a name of its own each time, because
 * the initdb of a killed attempt lives on and writes to its own. initdb syncs what it wrote before
 * it ends; what is written after it is synced file by file.
 */
const createCluster = async (
  layout: Layout,
  runtime: Runtime,
  password: Secret,
  log: Log,
): Promise<void> => {
  const temporary = join(layout.home, temporaryPrefix + randomBytes(6).toString('hex'))
  const startedAtMs = performance.now()
  await ensureFolder(temporary, 0o700, layout.user)
  const cluster = join(temporary, 'cluster')
  try {
    // The password goes by a file: arguments and environments can be read by others.
    const passwordFile = join(temporary, 'password')
    await writeDurably(passwordFile, `${password.reveal()}\n`, { owner: layout.user })
    await runInitdb(layout, runtime, cluster, passwordFile)
    await writeDurably(join(cluster, 'postgresql.conf'), mainFile, { owner: layout.user })
    await writeDurably(join(cluster, 'pg_hba.conf'), accessFile, { owner: layout.user })
    await writeDurably(join(cluster, 'custom.conf'), customFile, { owner: layout.user })
    await rename(cluster, layout.clusterDir)
    await syncFolder(layout.home)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  const tookMs = Math.round(performance.now() - startedAtMs)
  log.info({ clusterDir: layout.clusterDir, version: runtime.version, tookMs }, 'cluster created')
}

/**
 * The character type of the C library decides what full text search takes for a letter, and its
 * UTF-8 one has another name on macOS and is absent on old systems: then plain C has to do.
 * Sorting and upper case are PostgreSQL's own (the builtin provider) in any case: the same on
 * every host and after every update of the system, so no index is ever sorted wrongly.
 */
const characterTypes = ['C.UTF-8', 'UTF-8', 'C']

const runInitdb = async (
  layout: Layout,
  runtime: Runtime,
  cluster: string,
  passwordFile: string,
): Promise<void> => {
  const identity = layout.user === undefined ? {} : { uid: layout.user.uid, gid: layout.user.gid }
  for (const characterType of characterTypes) {
    const args = [
      ...['-D', cluster, '--username', superuser, '--pwfile', passwordFile],
      ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--data-checksums'],
      ...['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
      ...['--locale', 'C', '--lc-ctype', characterType],
    ]
    try {
      const timeout = INITDB_TIMEOUT_MS
      await run(runtime.initdb, args, { env: runtime.env, cwd: '/', timeout, ...identity })
      return
    } catch (cause) {
      const said = outputOf(cause)
      if (said.includes('invalid locale name')) continue
      throw await initdbError(layout, said, cause)
    }
  }
}

const outputOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown)
  const stderr = 'stderr' in thrown && typeof thrown.stderr === 'string' ? thrown.stderr : ''
  return stderr === '' ? thrown.message : stderr
}

const initdbError = async (layout: Layout, said: string, cause: unknown): Promise<AppError> => {
  if (/No space left on device|Disk quota exceeded/.test(said)) {
    return diskFull(layout.home, cause)
  }
  const lines = said.split('\n').filter((line) => /error|FATAL|PANIC/.test(line))
  const reason = (lines.length === 0 ? said : lines.join(' ')).slice(0, 500)
  const message = `initdb failed: ${reason}`
  return new AppError('postgres_unavailable', { message, folder: layout.home, reason }, { cause })
}

export const diskFull = async (folder: string, cause?: unknown): Promise<AppError> => {
  const disk = await statfs(folder).catch(() => undefined)
  const freeBytes = disk === undefined ? undefined : disk.bavail * disk.bsize
  const message = `The disk that holds ${folder} is full`
  return new AppError('postgres_disk_full', { message, folder, freeBytes }, { cause })
}

/** A newer Keelson may bring other settings; unchanged, nothing is written and nothing synced. */
const writeSettings = async ({ clusterDir, user }: Layout): Promise<void> => {
  const file = join(clusterDir, 'keelson.conf')
  const current = await readFile(file, 'utf8').catch(() => undefined)
  if (current !== settingsFile()) await writeDurably(file, settingsFile(), { owner: user })
}

/** The superuser's password as of last time; undefined when there is none or it was lost. */
export const findPassword = async (layout: Layout): Promise<Secret | undefined> => {
  try {
    const text = (await readFile(layout.passwordFile, 'utf8')).trim()
    return text === '' ? undefined : new Secret(text)
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined
    throw asFolderError(thrown, layout.passwordFile)
  }
}

/** 256 bits, in letters that need no escaping in a URL, a file or SQL. */
export const newPassword = (): Secret => new Secret(randomBytes(32).toString('base64url'))

export const savePassword = async (layout: Layout, password: Secret): Promise<void> => {
  try {
    await writeDurably(layout.passwordFile, `${password.reveal()}\n`)
  } catch (cause) {
    throw asFolderError(cause, layout.passwordFile)
  }
}

/**
 * Gives the superuser this password without knowing the former one, with the server down: the
 * password file was lost, and whoever owns the files of a cluster owns the cluster. Through the
 * standard input of the single-user server (postgres(1)), so it shows nowhere.
 */
export const resetPassword = async (
  layout: Layout,
  runtime: Runtime,
  password: Secret,
): Promise<void> => {
  const identity = layout.user === undefined ? {} : { uid: layout.user.uid, gid: layout.user.gid }
  const options = { env: runtime.env, cwd: layout.clusterDir, ...identity }
  const child = run(runtime.postgres, ['--single', '-D', layout.clusterDir, 'postgres'], options)
  child.child.stdin?.end(`alter role ${superuser} password '${password.reveal()}'\n`)
  await child
}
