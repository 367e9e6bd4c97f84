import { platformObject, type ServiceAccount } from '@keelson/contract'
import { can, type Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import { isUniqueViolation, type Db, type Queryable } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { Access } from '../access/access.ts'
import { type ChangeRights, type RefuseMightier, type RefuseToRise } from '../access/rise.ts'
import { changed } from '../changed.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { nameKey, refuseMisleading } from '../names.ts'
import { notThere } from '../not-there.ts'
import { endTokensBehind } from '../tokens/ending.ts'
import {
  deleteAccount,
  findAccount,
  insertAccount,
  lockAccount,
  selectAccounts,
  updateAccount,
  type AccountRow,
} from './store.ts'

type Deps = {
  db: Db
  clock: Clock
  audit: Audit
  epoch: Epoch
  access: Access
  refuseToRise: RefuseToRise
  refuseMightier: RefuseMightier
  changeRights: ChangeRights
}

type New = { name: string; description?: string; owner?: string; role?: string }
type Change = { description?: string; owner?: string; disabled?: boolean }

/** Accounts of programs: they cannot sign in, have tokens, and a user answers for them. */
export const createServiceAccounts = (deps: Deps) => {
  const { db, clock, audit, epoch, access } = deps
  const { refuseToRise, refuseMightier, changeRights } = deps

  /** Throws AppError `not_found`. */
  const find = async (idOrName: string, on: Queryable = db): Promise<AccountRow> => {
    const account = await findAccount(on, idOrName, nameKey(idOrName))
    if (account !== undefined) return account
    throw notThere('service account', idOrName)
  }

  /** Throws AppError `not_found`. */
  const findOwner = async (on: Queryable, idOrName: string): Promise<string> => {
    const { id, kind } = await access.findPrincipal(idOrName, on)
    if (kind === 'user') return id
    throw new AppError('not_found', {
      message: `${idOrName} is no user: only one can answer for it`,
    })
  }

  /** Of one that is made without naming anybody. */
  const ownerFor = async (on: Queryable, { kind, id }: Actor): Promise<string | null> => {
    if (kind === 'user') return id
    return kind === 'service_account' ? (await find(id, on)).owner_id : null
  }

  return {
    find,
    list: async (): Promise<ServiceAccount[]> => (await selectAccounts(db)).map(describeAccount),
    get: async (idOrName: string): Promise<ServiceAccount> => describeAccount(await find(idOrName)),

    /** Throws AppError `name_taken`, `not_found` for a role or owner there is not, `forbidden`. */
    async create(given: New, actor: Actor): Promise<ServiceAccount> {
      const { name, description = '', owner, role } = given
      if (role !== undefined && !can(actor, 'access:write', platformObject)) {
        throw new AppError('forbidden', { message: 'To give a role takes access:write' })
      }
      refuseMisleading(name)
      const id = newId()
      await db.transaction(async (tx) => {
        const ownerId = await (owner === undefined ? ownerFor(tx, actor) : findOwner(tx, owner))
        const account = { id, name, nameKey: nameKey(name), description, ownerId }
        await insertAccount(tx, { ...account, now: clock.now() }).catch(nameTaken(name))
        await epoch.advance(tx, 'access')
        audit.record(tx, actor, {
          ...{ action: 'service_account.created', object: accountObject({ id, name }) },
          after: { description, owner: ownerId },
        })
        if (role === undefined) return
        const granting = { principalId: id, role }
        await changeRights(tx, actor, async () => void (await access.grantIn(tx, actor, granting)))
      })
      return describeAccount(await find(id))
    },

    /** Disabled: its tokens stop at once. Throws AppError `not_found`, `forbidden`. */
    async update(idOrName: string, given: Change, actor: Actor): Promise<ServiceAccount> {
      const { id } = await find(idOrName)
      await db.transaction(async (tx) => {
        await lockAccount(tx, id)
        const before = await find(id, tx)
        await (given.disabled === false ? refuseToRise : refuseMightier)(tx, before, actor)
        const { description = before.description, disabled = before.disabled_at !== null } = given
        const ownerId =
          given.owner === undefined ? before.owner_id : await findOwner(tx, given.owner)
        const disabledAt = disabled ? (before.disabled_at ?? clock.now()) : null
        await updateAccount(tx, id, { description, ownerId, disabledAt })
        await epoch.advance(tx, 'access')
        await epoch.advance(tx, 'credentials')
        const told = changed(factsOf(before), { description, owner: ownerId, disabled })
        if (told === null) return
        audit.record(tx, actor, {
          ...{ action: 'service_account.changed', object: accountObject(before), ...told },
        })
      })
      return describeAccount(await find(id))
    },

    /** Tokens it made for others end with it. Throws AppError `not_found`, `forbidden`. */
    async remove(idOrName: string, actor: Actor): Promise<void> {
      const account = await find(idOrName)
      await db.transaction(async (tx) => {
        await access.lock(tx)
        await refuseMightier(tx, account, actor)
        await access.revokeAllIn(tx, actor, { principalId: account.id })
        const ended = await endTokensBehind({ tx, audit }, account.id, actor)
        if (!(await deleteAccount(tx, account.id))) await find(account.id, tx)
        await epoch.advance(tx, 'access')
        await epoch.advance(tx, 'credentials')
        audit.record(tx, actor, {
          ...{ action: 'service_account.deleted', object: accountObject(account) },
          before: { ...factsOf(account), roles: account.roles, tokens: account.tokens },
          after: ended,
        })
      })
    },
  }
}

const accountObject = ({ id, name }: { id: string; name: string }) => ({
  ...{ kind: 'service_account', id, name },
})

const factsOf = (account: AccountRow) => ({
  description: account.description,
  owner: account.owner_id,
  disabled: account.disabled_at !== null,
})

const nameTaken = (name: string) => (error: unknown) => {
  if (!isUniqueViolation(error)) throw error
  throw new AppError('name_taken', { message: `${name}, or a name that looks like it, is taken` })
}

const describeAccount = (row: AccountRow): ServiceAccount => ({
  ...{ id: row.id, name: row.name, description: row.description },
  owner:
    row.owner_id === null || row.owner_name === null
      ? null
      : { id: row.owner_id, name: row.owner_name },
  disabledAt: row.disabled_at?.toISOString() ?? null,
  createdAt: row.created_at.toISOString(),
  lastSeenAt: row.last_seen_at?.toISOString() ?? null,
  ...{ roles: row.roles, teams: row.teams, tokens: row.tokens },
})
