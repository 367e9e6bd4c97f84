import type { User } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import { isUniqueViolation, type Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { nameKey, refuseMisleading } from '../names.ts'
import { lockPerson } from './standing-store.ts'
import { insertUser, putPassword, type UserRow } from './store.ts'

/** What the audit names a user by. */
export const userObject = ({ id, name }: { id: string; name: string }) => ({
  kind: 'user',
  id,
  name,
})

/** Answers with the id. Throws AppError `name_taken`, `bad_request` as `refuseMisleading`. */
export const addUser = async (
  tx: Tx,
  clock: Clock,
  { name, email, id = newId() }: { name: string; email: string | null; id?: string },
): Promise<string> => {
  refuseMisleading(name)
  try {
    await insertUser(tx, { id, name, nameKey: nameKey(name), email, now: clock.now() })
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    throw new AppError('name_taken', { message: `${name}, or a name that looks like it, is taken` })
  }
  return id
}

export const setPassword = async (
  tx: Tx,
  { clock, epoch }: { clock: Clock; epoch: Epoch },
  { userId, hash }: { userId: string; hash: string },
): Promise<void> => {
  await lockPerson(tx, userId)
  await putPassword(tx, userId, hash, clock.now())
  await epoch.advance(tx, 'credentials')
}

export const describeUser = (user: UserRow): User => ({
  ...{ id: user.id, name: user.name, displayName: user.display_name, email: user.email },
  disabledAt: user.disabled_at?.toISOString() ?? null,
  createdAt: user.created_at.toISOString(),
  lastSeenAt: user.last_seen_at?.toISOString() ?? null,
  ...{ teams: user.teams, roles: user.roles },
  ...{ hasPassword: user.has_password, canSignIn: user.can_sign_in },
})
