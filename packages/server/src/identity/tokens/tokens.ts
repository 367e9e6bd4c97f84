import { isPermission, type ApiToken, type ApiTokenMade, type NewApiToken } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Keyring } from '../../kernel/keys/index.ts'
import type { Epoch } from '../epoch/epoch.ts'
import type { RefuseMightier } from '../access/rise.ts'
import { notThere } from '../not-there.ts'
import { refuseNarrower, refuseScopesNotHeld, refuseWider, type Reach } from './bounds.ts'
import { newTokenId, newTokenSecret, tokenText } from './format.ts'
import { describeToken, listTokens, tokenObject } from './list.ts'
import { checkedNetworks } from './networks.ts'
import { createPeppers } from './peppers.ts'
import { boundsOf, reachOf, refuseReplaced } from './reach.ts'
import {
  countTokens,
  deleteOver,
  deleteToken,
  findToken,
  insertToken,
  lockOwner,
  replaceSecret,
  type TokenRow,
} from './store.ts'

const tokensMax = 100

type Deps = {
  db: Db
  clock: Clock
  audit: Audit
  epoch: Epoch
  keyring: Keyring
  refuseMightier: RefuseMightier
}

/** Whose token it is: a user or a service account. */
export type TokenOwner = { id: string; name: string }

type Rotation = { overlapMinutes: number; expiresAt?: string }

/** API tokens, from when they are made until they are revoked. */
export const createApiTokens = (deps: Deps) => {
  const { db, clock, audit, epoch, refuseMightier } = deps
  const peppers = createPeppers(deps.keyring)

  /**
   * Nobody makes or changes another one of this owner meanwhile, nor disables or enables them. Throws
   * AppError `factor_required`, `forbidden`, `account_disabled`.
   */
  const lock = async (tx: Tx, { id, name }: TokenOwner, actor: Actor): Promise<void> => {
    if (actor.factorNeeded) throw new AppError('factor_required')
    const owner = await lockOwner(tx, id)
    if (owner === undefined) throw new AppError('not_found', { message: `${name} is gone` })
    if (id !== actor.id) await refuseMightier(tx, { id, name }, actor)
    if (owner.disabled_at === null) return
    throw new AppError('account_disabled', { message: `${name} is disabled` })
  }

  /**
   * By a token that others bound, one of the same owner that they do not bound may more: it takes what the
   * owner may. Throws AppError `forbidden`.
   */
  const refuseLessBounded = async (tx: Tx, row: TokenRow, actor: Actor): Promise<void> => {
    if (row.principal_id !== actor.id) return
    if (actor.origin.boundedBy.every((id) => row.bounded_by.includes(id))) return
    await refuseMightier(tx, { id: row.principal_id, name: row.principal_name }, actor)
  }

  /** Those that are over make room. Throws AppError `token_refused`. */
  const makeRoom = async (tx: Tx, { id, name }: TokenOwner): Promise<void> => {
    const count = await countTokens(tx, id)
    if (count < tokensMax || (await deleteOver(tx, id, clock.now())) > 0) return
    const message = `${name} has ${tokensMax} tokens: revoke one that is not used`
    throw new AppError('token_refused', { message })
  }

  const endOf = (given: string | undefined): Date | null => {
    if (given === undefined) return null
    const expiresAt = new Date(given)
    if (expiresAt > clock.now()) return expiresAt
    throw new AppError('token_refused', { message: `${given} is over: name a time to come` })
  }

  /** Throws AppError `not_found`. */
  const find = async (id: string, ownerId: string | null, on: Tx | Db = db): Promise<TokenRow> => {
    const row = await findToken(on, id)
    if (row !== undefined && (ownerId === null || row.principal_id === ownerId)) return row
    throw notThere('API token', id)
  }

  return {
    list: (query: { ownerId: string | null; cursor?: string; limit: number }) =>
      listTokens(db, query),

    listOf: async (ownerId: string): Promise<ApiToken[]> =>
      (await listTokens(db, { ownerId, limit: tokensMax })).items,

    /**
     * Throws AppError `token_refused`, `bad_request` for a network that is none, `forbidden` for an
     * owner who may more than the actor, `factor_required`, `account_disabled`.
     */
    async create(owner: TokenOwner, given: NewApiToken, actor: Actor): Promise<ApiTokenMade> {
      const { scopes = null } = given
      const reach = {
        ...{ scopes, networks: checkedNetworks(given.networks ?? []) },
        expiresAt: endOf(given.expiresAt),
      }
      const name = nameOf(given.name)
      refuseScopesNotHeld(scopes, actor)
      refuseWider(reach, await reachOf(db, actor))
      const id = newTokenId()
      const parts = { id, secret: newTokenSecret(id) }
      await db.transaction(async (tx) => {
        await lock(tx, owner, actor)
        await makeRoom(tx, owner)
        await insertToken(tx, {
          ...{ id, ownerId: owner.id, name, ...reach, kept: peppers.keep(parts) },
          ...{ boundedBy: boundsOf(owner.id, actor), createdBy: actor.id, now: clock.now() },
        })
        await epoch.advance(tx, 'credentials')
        audit.record(tx, actor, {
          ...{ action: 'token.created', object: tokenObject({ id, name }) },
          after: { owner: owner.name, ...told(reach) },
        })
      })
      return { token: describeToken(await find(id, owner.id)), secret: tokenText(parts) }
    },

    /**
     * Another secret; the one before goes on for `overlapMinutes`, and not beyond its own end. It takes
     * reaching as far as the token does, whose secret ends by it. Throws AppError as `create`, and
     * `not_found`.
     */
    async rotate(
      owner: TokenOwner,
      id: string,
      given: Rotation,
      actor: Actor,
    ): Promise<ApiTokenMade> {
      const parts = { id, secret: newTokenSecret(id) }
      const end = endOf(given.expiresAt)
      const maker = await reachOf(db, actor)
      await db.transaction(async (tx) => {
        await lock(tx, owner, actor)
        await refuseReplaced(tx, actor)
        const row = await find(id, owner.id, tx)
        const expiresAt = end ?? row.expires_at
        await refuseLessBounded(tx, row, actor)
        refuseNarrower(reachOfRow(row), maker)
        refuseWider({ ...reachOfRow(row), expiresAt }, maker)
        endOf(expiresAt?.toISOString()) // a secret for a token that is over is of no use
        const formerUntil = overlap(given.overlapMinutes, row, clock.now())
        const boundedBy = boundsOf(owner.id, actor)
        const next = { kept: peppers.keep(parts), formerUntil, expiresAt, boundedBy }
        if (!(await replaceSecret(tx, id, next))) await find(id, owner.id, tx)
        await epoch.advance(tx, 'credentials')
        audit.record(tx, actor, {
          ...{ action: 'token.rotated', object: tokenObject(row) },
          before: { expiresAt: row.expires_at?.toISOString() ?? null },
          after: {
            ...{ owner: owner.name, expiresAt: expiresAt?.toISOString() ?? null },
            formerUntil: formerUntil?.toISOString() ?? null,
          },
        })
      })
      return { token: describeToken(await find(id, owner.id)), secret: tokenText(parts) }
    },

    /**
     * Of this owner; null: of anybody who may no more. One of one's own takes reaching as far as it does.
     * Throws AppError `not_found`, `forbidden`, `token_refused`.
     */
    async revoke(ownerId: string | null, id: string, actor: Actor): Promise<void> {
      await db.transaction(async (tx) => {
        await refuseReplaced(tx, actor)
        const row = await find(id, ownerId, tx)
        const owner = { id: row.principal_id, name: row.principal_name }
        if (owner.id === actor.id) {
          await refuseLessBounded(tx, row, actor)
          refuseNarrower(reachOfRow(row), await reachOf(tx, actor))
        } else await refuseMightier(tx, owner, actor)
        // Two at once: one of them has revoked it.
        if (!(await deleteToken(tx, id))) await find(id, ownerId, tx)
        await epoch.advance(tx, 'credentials')
        audit.record(tx, actor, {
          ...{ action: 'token.revoked', object: tokenObject(row) },
          before: { owner: row.principal_name, ...told(reachOfRow(row)) },
        })
      })
    },
  }
}

export type ApiTokens = ReturnType<typeof createApiTokens>

/** Throws AppError `bad_request`. */
const nameOf = (given: string): string => {
  const name = given.trim()
  if (name !== '') return name
  throw new AppError('bad_request', { message: 'A token has a name: what it is for' })
}

/** Until when the secret before goes on; null: no longer. */
const overlap = (minutes: number, { expires_at }: TokenRow, now: Date): Date | null => {
  const until = new Date(now.getTime() + minutes * 60_000)
  const end = expires_at !== null && expires_at < until ? expires_at : until
  return end > now ? end : null
}

const reachOfRow = (row: TokenRow): Reach => ({
  scopes: row.scopes?.filter(isPermission) ?? null,
  ...{ networks: row.networks, expiresAt: row.expires_at },
})

const told = ({ scopes, networks, expiresAt }: Reach) => ({
  ...{ scopes, networks },
  expiresAt: expiresAt?.toISOString() ?? null,
})
