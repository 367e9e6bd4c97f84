/**
 * PostgreSQL refuses to run as root, so a Keelson that does starts it as someone else.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { AppError, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'

export type OsUser = { readonly name: string; readonly uid: number; readonly gid: number }

const run = promisify(execFile)

/**
 * Whom to run PostgreSQL as; undefined means as ourselves (we are not root).
 *
 * 1. The owner of the cluster, if there is one and it is not root: files stay readable for who
 *    wrote them, whatever users appear on the host later.
 * 2. `keelson`, then `postgres`: users made for exactly this.
 * 3. A new system user `keelson` without login or home. Only then, and the log says so.
 *
 * Never `nobody`: other daemons share it, and any of them could read and signal the database.
 */
export const chooseOsUser = async (
  ownerUid: number | undefined,
  ownerGid: number | undefined,
  log: Log,
): Promise<OsUser | undefined> => {
  if (process.getuid?.() !== 0) return undefined
  if (ownerUid !== undefined && ownerUid !== 0) {
    return { name: await userName(ownerUid), uid: ownerUid, gid: ownerGid ?? ownerUid }
  }
  const known = (await findOsUser('keelson')) ?? (await findOsUser('postgres'))
  return known ?? createOsUser(log)
}

/** A user by name, also from LDAP and the like (id(1) asks NSS); undefined when unknown. */
export const findOsUser = async (name: string): Promise<OsUser | undefined> => {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    const user = { name, uid: Number(uid.stdout), gid: Number(gid.stdout) }
    return user.uid === 0 ? undefined : user
  } catch {
    return undefined
  }
}

/** The name of a uid for messages; the number itself when it has none. */
export const userName = async (uid: number): Promise<string> => {
  try {
    return (await run('id', ['-un', String(uid)])).stdout.trim()
  } catch {
    return String(uid)
  }
}

const createOsUser = async (log: Log): Promise<OsUser> => {
  const attempts: readonly (readonly [string, readonly string[]])[] = [
    ['useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', 'keelson']],
    ['adduser', ['-S', '-D', '-H', '-s', '/sbin/nologin', 'keelson']], // BusyBox
  ]
  let cause: unknown
  for (const [command, args] of attempts) {
    try {
      await run(command, args)
      const user = await findOsUser('keelson')
      if (user === undefined) continue
      log.warn({ user: user.name, uid: user.uid }, 'created a system user to run postgres as')
      return user
    } catch (error) {
      cause = error
    }
  }
  const reason = `PostgreSQL does not run as root, and no user could be made: ${messageOf(cause)}`
  throw new AppError(
    'postgres_unavailable',
    { message: reason, reason },
    { cause, hint: 'Create a system user named keelson, or run Keelson as an ordinary user.' },
  )
}
