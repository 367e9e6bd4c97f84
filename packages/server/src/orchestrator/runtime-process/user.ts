import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { ServiceSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { findSystemProgram } from './program.ts'

export type ServiceUser = {
  uid: number
  gid: number
  /** Supplementary groups; null for those the account has. */
  groups: readonly number[] | null
  account: { name: string; home: string; shell: string } | null
  /** False when these are Keelson's own ids and groups: nothing has to be changed. */
  changes: boolean
}

type UserWish = Pick<ServiceSpec, 'name' | 'user' | 'groups' | 'origins'>

/**
 * Who a service runs as, from `user:` (`name`, `uid`, `name:group`, `uid:gid`) and `group_add:`;
 * null when it says neither. An id needs no account, as in a container; without one its group is of
 * the same number. Throws AppError('user_not_found'), or 'process_start_failed' when only root could
 * become it.
 */
export const resolveUser = async (spec: UserWish): Promise<ServiceUser | null> => {
  if (spec.user === undefined && spec.groups.length === 0) return null
  const [wanted = '', wantedGroup] = (spec.user ?? String(process.getuid?.() ?? 0)).split(':')
  const account = await findEntry('passwd', wanted)
  const uid = account === undefined ? Number(wanted) : Number(account[2])
  if (!isId(uid, wanted, account)) throw unknown(spec, 'user', `user ${wanted}`)
  const gid =
    wantedGroup === undefined
      ? Number(account?.[3] ?? uid)
      : await resolveGroup(spec, wantedGroup, 'user')
  const added: number[] = []
  for (const group of spec.groups) added.push(await resolveGroup(spec, group, 'groups'))
  const groups = added.length === 0 ? null : [...new Set([...(await groupsOf(account)), ...added])]
  const user = {
    uid,
    gid,
    groups: account === undefined ? (groups ?? []) : groups,
    account:
      account === undefined
        ? null
        : { name: account[0] ?? '', home: account[5] ?? '/', shell: account[6] ?? '' },
  }
  const own = process.getgroups?.() ?? []
  const same = uid === process.getuid?.() && gid === process.getgid?.()
  if (same && added.every((id) => own.includes(id))) return { ...user, changes: false }
  if (process.getuid?.() !== 0) throw onlyRoot(spec)
  return { ...user, changes: true }
}

/** As login(1) would set it; the file wins over it. */
export const loginEnvironment = (user: ServiceUser | null): Record<string, string> => {
  if (user === null) return {}
  const { name, home, shell } = user.account ?? { name: String(user.uid), home: '/', shell: '' }
  return { HOME: home, USER: name, LOGNAME: name, SHELL: shell === '' ? '/bin/sh' : shell }
}

/**
 * The words before a command that turn into it as this user; none when nothing changes. Throws
 * AppError('process_start_failed') on a host without setpriv(1).
 */
export const userWrapper = async (
  service: string,
  user: Pick<ServiceUser, 'uid' | 'gid' | 'groups' | 'changes'> | null,
): Promise<string[]> => {
  if (user === null || !user.changes) return []
  const setpriv = await findSystemProgram('setpriv')
  if (setpriv === undefined) {
    const message = `Service ${service} has a user, and this host has no setpriv to change to it`
    const hint = 'Install setpriv (package util-linux or setpriv), or leave out user: in the file.'
    throw new AppError('process_start_failed', { message }, { hint })
  }
  const { uid, gid, groups } = user
  const how =
    groups === null
      ? '--init-groups'
      : groups.length === 0
        ? '--clear-groups'
        : `--groups=${groups.join(',')}`
  return [setpriv, `--reuid=${uid}`, `--regid=${gid}`, how]
}

const resolveGroup = async (
  spec: UserWish,
  wanted: string,
  at: 'user' | 'groups',
): Promise<number> => {
  const entry = await findEntry('group', wanted)
  const gid = entry === undefined ? Number(wanted) : Number(entry[2])
  if (!isId(gid, wanted, entry)) throw unknown(spec, at, `group ${wanted}`)
  return gid
}

const isId = (id: number, text: string, entry: readonly string[] | undefined): boolean =>
  Number.isInteger(id) && (entry !== undefined || /^\d{1,10}$/.test(text))

const unknown = ({ name, origins }: UserWish, at: string, what: string): AppError => {
  const message = `Service ${name} runs as ${what}, which this host does not have`
  const origin = origins[at]?.[0] ?? origins['']?.[0]
  const errors = origin === undefined ? [] : [{ message, origin }]
  return new AppError('user_not_found', { message }, { errors })
}

const onlyRoot = ({ name, user, groups }: UserWish): AppError => {
  const who = user === undefined ? `in the groups ${groups.join(', ')}` : `as user ${user}`
  const message = `Service ${name} runs ${who}, which only root can become`
  const hint = 'Run Keelson as that user or as root, or leave out user: in the compose file.'
  return new AppError('process_start_failed', { message }, { hint })
}

/** Groups that an account is a member of, by id(1): it knows directory services too. */
const groupsOf = async (account: readonly string[] | undefined): Promise<number[]> => {
  const name = account?.[0]
  if (name === undefined) return []
  const text = await outputOf('id', ['-G', name])
  return text.split(/\s+/).filter(Boolean).map(Number).filter(Number.isInteger)
}

/** A line of passwd(5) or group(5), by name or number: of the file, or of a directory service. */
const findEntry = async (
  table: 'passwd' | 'group',
  wanted: string,
): Promise<string[] | undefined> => {
  const text = await readFile(`/etc/${table}`, 'utf8').catch(() => '')
  const entries = text.split('\n').map((line) => line.split(':'))
  const found =
    entries.find(([name]) => name === wanted) ?? entries.find(([, , id]) => id === wanted)
  if (found !== undefined || !/^[\w.@\\-]+$/.test(wanted)) return found
  const line = (await outputOf('getent', [table, wanted])).split('\n')[0] ?? ''
  return line === '' ? undefined : line.split(':')
}

const outputOf = (program: string, args: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    execFile(program, args, { timeout: 5000 }, (error, output) =>
      resolve(error === null ? output : ''),
    )
  })
