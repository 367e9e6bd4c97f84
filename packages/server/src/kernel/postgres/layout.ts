/**
 * Where everything lies. Under the data folder:
 *
 *   postgres/            the cluster (a link when it had to go elsewhere, see `chooseHome`)
 *   postgres-socket/     the unix socket (see `chooseSocketDir`)
 *   postgres-password    of the superuser keelson, 0600
 *   postgres-port        the TCP port, kept so that URLs handed to services stay true
 *   logs/postgres.log    what the server says
 *   locks/               who uses the folder
 */
import { createHash } from 'node:crypto'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, lstat, mkdir, mkdtemp, realpath, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { AppError } from '../errors.ts'
import { asFolderError, ensureFolder, errnoOf } from './durable-file.ts'
import type { Log } from '../log.ts'
import { chooseOsUser, userName, type OsUser } from './os-user.ts'

export type Layout = {
  /** Whom PostgreSQL runs as; undefined: as ourselves. */
  readonly user: OsUser | undefined
  /** The folder that holds the cluster: the data folder, or one outside of it. */
  readonly home: string
  readonly clusterDir: string
  readonly socketDir: string
  readonly passwordFile: string
  readonly portFile: string
  readonly logFile: string
}

const run = promisify(execFile)

/**
 * Creates the folders around the cluster and settles whom it belongs to. Throws
 * `postgres_folder_owner` { folder, owner, user, reason } and `postgres_disk_full` { folder }.
 */
export const prepareLayout = async (dataDir: string, log: Log): Promise<Layout> => {
  try {
    await ensureFolder(join(dataDir, 'logs'), 0o700)
    const owner = await stat(join(dataDir, 'postgres')).catch(ignoreMissing)
    const user = await chooseOsUser(owner?.uid, owner?.gid, log)
    if (owner !== undefined && user === undefined) await assertOwned(dataDir, owner.uid)
    const home = await chooseHome(dataDir, user, log)
    const clusterDir = join(home, 'postgres')
    if (user !== undefined && owner?.uid === 0) await giveTo(user, clusterDir, log)
    return {
      user,
      home,
      clusterDir,
      socketDir: await chooseSocketDir(home, user),
      passwordFile: join(dataDir, 'postgres-password'),
      portFile: join(dataDir, 'postgres-port'),
      logFile: join(dataDir, 'logs', 'postgres.log'),
    }
  } catch (cause) {
    throw asFolderError(cause, dataDir)
  }
}

const ignoreMissing = (thrown: unknown): undefined => {
  if (errnoOf(thrown) !== 'ENOENT') throw thrown
}

/** PostgreSQL itself insists on this; said before it starts, the message can name the owner. */
const assertOwned = async (dataDir: string, ownerUid: number): Promise<void> => {
  const uid = process.getuid?.()
  if (uid === undefined || ownerUid === uid) return
  const [owner, user] = await Promise.all([userName(ownerUid), userName(uid)])
  const folder = join(dataDir, 'postgres')
  throw new AppError('postgres_folder_owner', {
    message: `The PostgreSQL folder ${folder} belongs to ${owner}, but Keelson runs as ${user}`,
    folder,
    owner,
    user,
  })
}

/**
 * The folder to keep the cluster in. PostgreSQL works with absolute paths, so its user must be
 * able to pass through every folder above the cluster. Not root: the data folder, always. Root:
 *
 * - the data folder itself is ours, so we let the user's group pass through it (g+x, no listing);
 * - what lies above is not ours to open: with a data folder such as /root/.keelson below a 0700
 *   home the cluster goes to /var/lib/keelson/<hash of the data folder>, and `postgres` in the
 *   data folder becomes a link to it. That link, once made, decides.
 */
const chooseHome = async (dataDir: string, user: OsUser | undefined, log: Log): Promise<string> => {
  if (user === undefined) return dataDir
  const inside = join(dataDir, 'postgres')
  const existing = await lstat(inside).catch(ignoreMissing)
  if (existing?.isSymbolicLink() === true) {
    return dirname(await realpath(inside).catch(() => outsideHome(dataDir, user)))
  }
  if (await canEnter(dirname(dataDir), user)) {
    if (!(await canEnter(dataDir, user))) {
      const { uid, mode } = await stat(dataDir)
      await chown(dataDir, uid, user.gid)
      await chmod(dataDir, (mode & 0o7777) | 0o010)
    }
    return dataDir
  }
  if (existing !== undefined) {
    const reason = `the user ${user.name} cannot pass through the folders above it`
    throw new AppError('postgres_folder_owner', { folder: inside, user: user.name, reason })
  }
  const home = await outsideHome(dataDir, user)
  log.info({ home, user: user.name }, 'the cluster lies outside of the data folder')
  await symlink(join(home, 'postgres'), inside)
  return home
}

const outsideHome = async (dataDir: string, user: OsUser): Promise<string> => {
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 12)
  const home = join('/var/lib/keelson', hash)
  await mkdir('/var/lib/keelson', { recursive: true, mode: 0o755 })
  await ensureFolder(home, 0o710)
  await chown(home, 0, user.gid)
  return realpath(home)
}

/** Asks the system rather than reading mode bits: there are ACLs, and mounts with their own. */
const canEnter = async (folder: string, user: OsUser): Promise<boolean> => {
  try {
    await run('test', ['-x', folder], { uid: user.uid, gid: user.gid, cwd: '/' })
    return true
  } catch {
    return false
  }
}

/** A cluster of root's was copied or restored from somewhere: PostgreSQL would refuse it. */
const giveTo = async (user: OsUser, clusterDir: string, log: Log): Promise<void> => {
  log.warn({ clusterDir, user: user.name }, 'the cluster belongs to root: giving it to its user')
  await run('chown', ['-R', '--', `${user.uid}:${user.gid}`, await realpath(clusterDir)])
}

/**
 * sockaddr_un holds 108 bytes on Linux and 104 on macOS with the final NUL (unix(7)), and the
 * server appends `/.s.PGSQL.<port>`: 15 bytes with the longest port, and a `.lock` beside it that
 * is no socket. 104 - 1 - 15 = 88.
 */
const SOCKET_DIR_LIMIT_BYTES = 88

/** Beside the cluster, or where that path is too long in a private folder of the temp folder. */
const chooseSocketDir = async (home: string, user: OsUser | undefined): Promise<string> => {
  const beside = join(home, 'postgres-socket')
  if (Buffer.byteLength(beside) <= SOCKET_DIR_LIMIT_BYTES) {
    await ensureFolder(beside, 0o700, user)
    return beside
  }
  const hash = createHash('sha256').update(home).digest('hex').slice(0, 12)
  const uid = user?.uid ?? process.getuid?.() ?? 0
  for (const parent of new Set([tmpdir(), '/tmp'])) {
    const folder = join(parent, `keelson-${hash}`)
    if (Buffer.byteLength(folder) > SOCKET_DIR_LIMIT_BYTES || !existsSync(parent)) continue
    if (await isPrivateFolder(folder, uid, user)) return folder
    // Someone else sits on the name: anyone may write to the temp folder. Take a fresh one.
    const fresh = await mkdtemp(`${folder}-`)
    await ensureFolder(fresh, 0o700, user)
    return fresh
  }
  const reason = 'the path of the socket is too long, and so is that of the temp folder'
  throw new AppError('postgres_unavailable', { message: reason, folder: beside, reason })
}

/** Created by us just now, or a real folder that its user alone may enter. */
const isPrivateFolder = async (
  folder: string,
  uid: number,
  user: OsUser | undefined,
): Promise<boolean> => {
  try {
    await mkdir(folder, { mode: 0o700 })
    await ensureFolder(folder, 0o700, user)
    return true
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST') throw thrown
    const found = await lstat(folder)
    // Root's own: we were killed between the two lines above.
    if (found.isDirectory() && user !== undefined && found.uid === 0) {
      await ensureFolder(folder, 0o700, user)
      return true
    }
    return found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0
  }
}
