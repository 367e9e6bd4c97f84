import {
  builtInRoles,
  permissions,
  platformObject,
  type AuditAction,
  type ObjectRef,
  type Permission,
  type Selector,
} from '@keelson/contract'
import { anonymous, noOrigin, type Actor, type Origin } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Db, Queryable, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { notThere } from '../not-there.ts'
import type { Principal } from '../principal.ts'
import { nameKey } from '../names.ts'
import { createEngine, type Engine } from './engine.ts'
import { createFactorRule } from './factor-rule.ts'
import { entryOfGrant, recordRevoked, toldOfGrant } from './grant-audit.ts'
import {
  deleteGrant,
  deleteGrantsOf,
  findPrincipal,
  insertGrant,
  selectGrantsById,
  type GrantsOf,
  type HolderRow,
} from './grant-store.ts'
import { createHolding } from './rights.ts'
import { findRole, noRole } from './role-store.ts'
import { isSetUp, lockGrants, readFacts, rememberSetUp, signInIds } from './store.ts'

export type Access = {
  /** What this principal may do as of now; its token's scopes narrow it. */
  actorOf(principal: Principal, origin: Pick<Origin, 'requestId' | 'address' | 'via'>): Actor
  /** Of this epoch. */
  engine(): Engine
  /** A role that this user holds asks for a second factor. */
  requiresFactor(principalId: string): boolean
  /** Answers with its id. Throws AppError `not_found` for a role there is not. */
  grantIn(tx: Tx, actor: Actor, grant: Granting): Promise<string>
  /** False: there is no such grant. Within `keepAnAdministrator` where it might be the last one. */
  revokeIn(tx: Tx, actor: Actor, id: string): Promise<boolean>
  /** All that go with what is deleted, before it is; within `keepAnAdministrator`. How many. */
  revokeAllIn(tx: Tx, actor: Actor, of: GrantsOf): Promise<number>
  /** A user or service account by id or name. Throws AppError `not_found`. */
  findPrincipal(idOrName: string, on?: Queryable): Promise<HolderRow>
  /** What everybody may do without any grant. */
  isOfEverybody(permission: Permission): boolean
  /** Somebody who can sign in is administrator of everything for good, or was at some time. */
  isSetUp(on: Queryable): Promise<boolean>
  /** From now on that is so, whatever becomes of them. */
  rememberSetUp(tx: Tx): Promise<void>
  /**
   * Around a change that takes rights away: throws AppError `last_administrator` when nobody would be
   * left who can sign in and may grant for good, or nobody any more who may everything: nothing else can
   * give what they could.
   */
  keepAnAdministrator(tx: Tx, change: () => Promise<void>): Promise<void>
  /** No grant can be made or taken back elsewhere until this transaction ends. */
  lock(tx: Tx): Promise<void>
}

export type Granting = {
  principalId?: string
  teamId?: string
  role: string
  effect?: 'allow' | 'deny'
  on?: Selector
  expiresAt?: Date
  reason?: string | undefined
  /** Follows a group of this provider. */
  providerId?: string
  /** As the audit calls it; unless told, `grant.created`. */
  action?: AuditAction
}

type Deps = { db: Db; clock: Clock; epoch: Epoch; audit: Audit }

/** What everybody may do who is somebody, also without any role. */
const ofEverybody = ['public', 'status:read', 'account:own'] as const satisfies Permission[]
const isOfEverybody = (permission: Permission): boolean =>
  (ofEverybody as readonly Permission[]).includes(permission)
/** Who brings no token at all may as much: no scopes narrow it. */
const isOfAnybody = (permission: Permission): boolean => anonymous.permissions.has(permission)

/** Until there is a second factor. */
const limited = (held: ReadonlySet<Permission>): ReadonlySet<Permission> =>
  new Set([...held].filter(isOfEverybody))

type Help = { toGrant: boolean; toAll: boolean }

/** Somebody can sign in and may grant; may everything, which is what all can be given by. For good. */
const helpThereIs = async (tx: Tx, nowMs: number): Promise<Help> => {
  const facts = await readFacts(tx)
  const lasting = facts.grants.filter(
    ({ effect, expiresAt }) => effect === 'deny' || expiresAt === null,
  )
  const engine = createEngine({ ...facts, grants: lasting })
  const granting = (await signInIds(tx)).filter(
    (id) => engine.decide(id, 'access:write', platformObject, nowMs).allowed,
  )
  const mayAll = (id: string): boolean => {
    const holds = createHolding(facts, { principals: [id], scopes: null }, nowMs)
    return permissions.every((permission) => holds({ permission, on: {}, untilMs: Infinity }))
  }
  return { toGrant: granting.length > 0, toAll: granting.some(mayAll) }
}

/** What everybody may do: the engine of the present epoch, and actors made by it. */
export const createAccess = ({ db, clock, epoch, audit }: Deps): Access => {
  let engine = createEngine({
    ...{ disabled: new Set(), teams: new Map(), roles: new Map(), grants: [] },
  })
  let factorRule = createFactorRule({
    ...{ teams: new Map(), grants: [], factorRoles: new Set(), factorHolders: new Set() },
  })
  epoch.onChange('access', async () => {
    const facts = await readFacts(db)
    engine = createEngine(facts)
    factorRule = createFactorRule(facts)
  })

  const held = (principal: Principal): ReadonlySet<Permission> => {
    const all = new Set(engine.held(principal.id, clock.now().getTime()))
    for (const permission of ofEverybody) all.add(permission)
    const { scopes, boundedBy = [] } = principal
    if (scopes === null && boundedBy.length === 0) return all
    return new Set(
      [...all].filter(
        (one) =>
          (isOfAnybody(one) || scopes?.includes(one) !== false) && isWithin(boundedBy, one, null),
      ),
    )
  }

  /** All who stand behind a token may it as well. */
  const isWithin = (
    boundedBy: readonly string[],
    permission: Permission,
    object: ObjectRef | null,
  ): boolean =>
    isOfEverybody(permission) ||
    boundedBy.every((id) => engine.would(id, permission, object, clock.now().getTime()))

  /** Of people; tokens of programs were made by somebody who had proved enough. */
  const lacksFactor = ({ kind, id, authenticatedAt, methods }: Principal): boolean =>
    kind === 'user' &&
    authenticatedAt !== null &&
    methods?.includes('provider_factor') !== true &&
    factorRule.isLacking(id, clock.now().getTime())

  return {
    engine: () => engine,
    requiresFactor: (principalId) => factorRule.isRequired(principalId, clock.now().getTime()),

    async grantIn(tx, actor, grant) {
      const { role, effect = 'allow', on = {}, principalId = null, teamId = null } = grant
      const isKnown = Object.hasOwn(builtInRoles, role) || (await findRole(tx, role)) !== undefined
      if (!isKnown) throw noRole(role)
      const id = newId()
      await insertGrant(tx, {
        ...{ id, principalId, teamId, role, effect, on },
        ...{ expiresAt: grant.expiresAt ?? null, reason: grant.reason ?? null },
        ...{ createdBy: actor.id, now: clock.now(), providerId: grant.providerId ?? null },
      })
      await epoch.advance(tx, 'access')
      const [row] = await selectGrantsById(tx, [id])
      if (row === undefined) throw new AppError('internal')
      audit.record(tx, actor, {
        ...{ action: grant.action ?? 'grant.created', ...entryOfGrant(row) },
        after: toldOfGrant(row),
        ...(grant.reason === undefined ? {} : { reason: grant.reason }),
      })
      return id
    },

    async revokeIn(tx, actor, id) {
      const row = await deleteGrant(tx, id)
      if (row === undefined) return false
      await epoch.advance(tx, 'access')
      recordRevoked(audit, tx, actor, [row])
      return true
    },

    async revokeAllIn(tx, actor, of) {
      const rows = await deleteGrantsOf(tx, of)
      recordRevoked(audit, tx, actor, rows)
      return rows.length
    },

    async findPrincipal(idOrName, on = db) {
      const found = await findPrincipal(on, idOrName, nameKey(idOrName))
      if (found !== undefined) return found
      throw notThere('user', idOrName)
    },

    isOfEverybody,

    ...{ isSetUp, rememberSetUp },

    async keepAnAdministrator(tx, change) {
      await lockGrants(tx)
      const nowMs = clock.now().getTime()
      const before = await helpThereIs(tx, nowMs)
      if (await isSetUp(tx)) await rememberSetUp(tx)
      await change()
      const after = await helpThereIs(tx, nowMs)
      if ((before.toGrant && !after.toGrant) || (before.toAll && !after.toAll)) {
        throw new AppError('last_administrator')
      }
    },

    lock: lockGrants,

    actorOf(principal, origin) {
      // Rights are those of the present epoch; a database that is silent ends them.
      epoch.now('access')
      const { kind, id, name, scopes, expiresAt, boundedBy = [] } = principal
      const { provenBy, credential, authenticatedAt, secretNumber = null } = principal
      const factorNeeded = lacksFactor(principal)
      return {
        ...{ kind, id, name, expiresAt, factorNeeded },
        permissions: factorNeeded ? limited(held(principal)) : held(principal),
        may: (permission, object) =>
          (scopes === null || isOfAnybody(permission) || scopes.includes(permission)) &&
          (isOfEverybody(permission) ||
            (!factorNeeded &&
              engine.decide(id, permission, object, clock.now().getTime()).allowed)) &&
          isWithin(boundedBy, permission, object),
        origin: {
          ...noOrigin,
          ...origin,
          provenBy,
          credential,
          secretNumber,
          authenticatedAt,
          scopes,
          boundedBy,
        },
      }
    },
  }
}
