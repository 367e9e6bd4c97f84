import {
  builtInRoles,
  platformObject,
  type AuditAction,
  type Permission,
  type Selector,
} from '@keelson/contract'
import { noOrigin, type Actor, type Origin } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Db, Queryable, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { Epoch } from '../epoch/epoch.ts'
import type { Principal } from '../principal.ts'
import { nameKey } from '../names.ts'
import { createEngine, type Engine } from './engine.ts'
import { findPrincipal, insertGrant, type HolderRow } from './grant-store.ts'
import { findRole, noRole } from './role-store.ts'
import { hasAdministrator, lockGrants, readFacts, signInIds } from './store.ts'

export type Access = {
  /** What this principal may do as of now; its token's scopes narrow it. */
  actorOf(principal: Principal, origin: Pick<Origin, 'requestId' | 'address' | 'via'>): Actor
  /** Of this epoch. */
  engine(): Engine
  /** Answers with its id. Throws AppError `not_found` for a role there is not. */
  grantIn(tx: Tx, actor: Actor, grant: Granting): Promise<string>
  /** A user or service account by id or name. Throws AppError `not_found`. */
  findPrincipal(idOrName: string, on?: Queryable): Promise<HolderRow>
  /** What everybody may do without any grant. */
  isOfEverybody(permission: Permission): boolean
  /** Somebody who can sign in is administrator of everything for good. */
  hasAdministrator(on: Queryable): Promise<boolean>
  /**
   * Around a change that takes rights away: throws AppError `last_administrator` when nobody would be
   * left who can sign in and may grant for good, which is how all other rights are come by.
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
  /** As the audit calls it; unless told, `grant.created`. */
  action?: AuditAction
}

type Deps = { db: Db; clock: Clock; epoch: Epoch; audit: Audit }

/** What everybody may do who is somebody, also without any role. */
const ofEverybody = ['public', 'status:read', 'account:own'] as const satisfies Permission[]
const isOfEverybody = (permission: Permission): boolean =>
  (ofEverybody as readonly Permission[]).includes(permission)

/** Somebody can sign in and may grant, by what does not end. */
const canBeHelped = async (tx: Tx, nowMs: number): Promise<boolean> => {
  const facts = await readFacts(tx)
  const lasting = facts.grants.filter(
    ({ effect, expiresAt }) => effect === 'deny' || expiresAt === null,
  )
  const engine = createEngine({ ...facts, grants: lasting })
  return (await signInIds(tx)).some(
    (id) => engine.decide(id, 'access:write', platformObject, nowMs).allowed,
  )
}

/** What everybody may do: the engine of the present epoch, and actors made by it. */
export const createAccess = ({ db, clock, epoch, audit }: Deps): Access => {
  let engine = createEngine({
    ...{ disabled: new Set(), teams: new Map(), roles: new Map(), grants: [] },
  })
  epoch.onChange('access', async () => {
    engine = createEngine(await readFacts(db))
  })

  const held = (principal: Principal): ReadonlySet<Permission> => {
    const all = new Set(engine.held(principal.id, clock.now().getTime()))
    for (const permission of ofEverybody) all.add(permission)
    const { scopes } = principal
    return scopes === null ? all : new Set(scopes.filter((scope) => all.has(scope)))
  }

  return {
    engine: () => engine,

    async grantIn(tx, actor, grant) {
      const { role, effect = 'allow', on = {}, principalId = null, teamId = null } = grant
      const isKnown = Object.hasOwn(builtInRoles, role) || (await findRole(tx, role)) !== undefined
      if (!isKnown) throw noRole(role)
      const id = newId()
      await insertGrant(tx, {
        ...{ id, principalId, teamId, role, effect, on },
        ...{ expiresAt: grant.expiresAt ?? null, reason: grant.reason ?? null },
        ...{ createdBy: actor.id, now: clock.now() },
      })
      await epoch.advance(tx, 'access')
      audit.record(tx, actor, {
        action: grant.action ?? 'grant.created',
        object: { kind: 'grant', id, name: role },
        after: {
          ...{ principal: principalId, team: teamId, role, effect, on },
          expiresAt: grant.expiresAt?.toISOString() ?? null,
        },
        ...(grant.reason === undefined ? {} : { reason: grant.reason }),
      })
      return id
    },

    async findPrincipal(idOrName, on = db) {
      const found = await findPrincipal(on, idOrName, nameKey(idOrName))
      if (found !== undefined) return found
      throw new AppError('not_found', { message: `There is no user ${idOrName}` })
    },

    isOfEverybody,

    hasAdministrator,

    async keepAnAdministrator(tx, change) {
      await lockGrants(tx)
      const nowMs = clock.now().getTime()
      const wasThere = await canBeHelped(tx, nowMs)
      await change()
      if (wasThere && !(await canBeHelped(tx, nowMs))) throw new AppError('last_administrator')
    },

    lock: lockGrants,

    actorOf(principal, origin) {
      // Rights are those of the present epoch; a database that is silent ends them.
      epoch.now('access')
      const { kind, id, name, scopes, expiresAt } = principal
      const { provenBy, credential, authenticatedAt } = principal
      return {
        ...{ kind, id, name, expiresAt },
        permissions: held(principal),
        may: (permission, object) =>
          (scopes === null || scopes.includes(permission)) &&
          (isOfEverybody(permission) ||
            engine.decide(id, permission, object, clock.now().getTime()).allowed),
        origin: { ...noOrigin, ...origin, provenBy, credential, authenticatedAt },
      }
    },
  }
}
