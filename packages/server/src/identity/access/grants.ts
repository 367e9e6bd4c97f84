import type { Grant, Selector } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Epoch } from '../epoch/epoch.ts'
import type { Access } from './access.ts'
import { deleteGrant, selectGrants, selectGrantsById, type GrantRow } from './grant-store.ts'
import type { createTeams } from './teams.ts'

type Deps = {
  db: Db
  clock: Clock
  audit: Audit
  epoch: Epoch
  access: Access
  teams: ReturnType<typeof createTeams>
}

type Given = {
  user?: string
  team?: string
  role: string
  effect?: 'allow' | 'deny'
  on?: Selector
  expiresAt?: string
  reason?: string
}

/** Told in the transaction of it. */
export type TellBrokenGlass = (
  tx: Tx,
  told: { by: string; role: string; until: string; reason: string },
) => Promise<void>

/** Roles given and denied, on what a selector says. */
export const createGrants = ({ db, clock, audit, epoch, access, teams }: Deps) => {
  const get = async (id: string): Promise<Grant> => {
    const [row] = await selectGrantsById(db, [id])
    if (row === undefined) throw new AppError('not_found', { message: `There is no grant ${id}` })
    return describeGrant(row)
  }

  const holderOf = async ({ user, team }: Pick<Given, 'user' | 'team'>) => {
    if (user !== undefined && team === undefined) {
      return { principalId: (await access.findPrincipal(user)).id }
    }
    if (team !== undefined && user === undefined) return { teamId: (await teams.find(team)).id }
    throw new AppError('bad_request', { message: 'Give either user or team' })
  }

  const timeToCome = (given: string | undefined): { expiresAt?: Date } => {
    if (given === undefined) return {}
    const expiresAt = new Date(given)
    if (expiresAt > clock.now()) return { expiresAt }
    throw new AppError('bad_request', { message: `${given} is over: expiresAt is a time to come` })
  }

  return {
    async list(query: {
      user?: string
      team?: string
      role?: string
      cursor?: string
      limit: number
    }): Promise<{ items: Grant[]; nextCursor: string | null }> {
      const { user, team, role = null, cursor: after = '', limit } = query
      const principalId = user === undefined ? null : (await access.findPrincipal(user)).id
      const teamId = team === undefined ? null : (await teams.find(team)).id
      const asked = { principalId, teamId, role, after, limit: limit + 1 }
      const found = await selectGrants(db, asked)
      const items = found.slice(0, limit).map(describeGrant)
      return { items, nextCursor: found.length > limit ? (items.at(-1)?.id ?? null) : null }
    },

    /** Throws AppError `not_found`, and `last_administrator` for a deny that nobody would be left by. */
    async create(given: Given, actor: Actor): Promise<Grant> {
      const { role, effect = 'allow', on = {}, reason } = given
      const granting = { ...(await holderOf(given)), role, effect, on, reason }
      const lasting = timeToCome(given.expiresAt)
      const id = await db.transaction(async (tx) => {
        let made = ''
        const make = async (): Promise<void> => {
          made = await access.grantIn(tx, actor, { ...granting, ...lasting })
        }
        await (effect === 'deny' ? access.keepAnAdministrator(tx, make) : make())
        return made
      })
      return get(id)
    },

    /** Throws AppError `not_found`, `last_administrator`. */
    async revoke(id: string, actor: Actor): Promise<void> {
      await db.transaction(async (tx) => {
        await access.keepAnAdministrator(tx, async () => {
          const row = await deleteGrant(tx, id)
          if (row === undefined) throw new AppError('not_found', { message: noGrant(id) })
          const { holder_name: holder, role, effect, selector: on } = row
          audit.record(tx, actor, {
            ...{ action: 'grant.revoked', object: { kind: 'grant', id, name: role } },
            before: { holder, role, effect, on },
          })
        })
        await epoch.advance(tx, 'access')
      })
    },

    /** On everything, for an hour at most. Throws AppError `not_found`, `forbidden`. */
    async breakGlass(
      given: { role: string; reason: string; minutes: number },
      actor: Actor,
      tell: TellBrokenGlass,
    ): Promise<Grant> {
      if (actor.kind !== 'user') {
        throw new AppError('forbidden', { message: `${actor.name} is no user: sign in as one` })
      }
      const { role, reason, minutes } = given
      const expiresAt = new Date(clock.now().getTime() + minutes * 60_000)
      const id = await db.transaction(async (tx) => {
        await tell(tx, { by: actor.name, role, until: expiresAt.toISOString(), reason })
        const granting = { principalId: actor.id, role, expiresAt, reason }
        return access.grantIn(tx, actor, { ...granting, action: 'grant.break_glass' })
      })
      return get(id)
    },
  }
}

const noGrant = (id: string): string => `There is no grant ${id}`

export const describeGrant = (row: GrantRow): Grant => ({
  id: row.id,
  holder: { kind: row.holder_kind, id: row.holder_id, name: row.holder_name },
  ...{ role: row.role, effect: row.effect, on: row.selector },
  expiresAt: row.expires_at?.toISOString() ?? null,
  ...{ reason: row.reason, createdBy: row.created_by, createdAt: row.created_at.toISOString() },
})
