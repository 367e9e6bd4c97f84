import type { Grant, Selector } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { notThere } from '../not-there.ts'
import type { Access } from './access.ts'
import {
  countGrantsOf,
  selectGrants,
  selectGrantsById,
  selectSameGrant,
  type GrantRow,
} from './grant-store.ts'
import type { ChangeRights, HeldUntil } from './rise.ts'
import type { createTeams } from './teams.ts'

/** Of one user, account or team; whoever changes them is compared with all of these. */
const grantsMax = 1000

type Deps = {
  db: Db
  clock: Clock
  access: Access
  teams: ReturnType<typeof createTeams>
  changeRights: ChangeRights
  heldUntil: HeldUntil
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
export const createGrants = (deps: Deps) => {
  const { db, clock, access, teams, changeRights, heldUntil } = deps
  const get = async (id: string): Promise<Grant> => {
    const [row] = await selectGrantsById(db, [id])
    if (row === undefined) throw notThere('grant', id)
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

  /** Nobody makes another one meanwhile: see `keepAnAdministrator`. Throws AppError `bad_request`. */
  const refuseTooMany = async (
    tx: Tx,
    holder: Awaited<ReturnType<typeof holderOf>>,
    name: string,
  ): Promise<void> => {
    if ((await countGrantsOf(tx, holder, clock.now())) < grantsMax) return
    const message = `${name} has ${grantsMax} grants: revoke some`
    const hint = 'One grant covers many objects by labels, an owner, or a name with *.'
    throw new AppError('bad_request', { message }, { hint })
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

    /**
     * The same once more is the one that is there. Throws AppError `not_found`, `forbidden`, `bad_request`
     * for one too many, `last_administrator` for a deny that leaves nobody.
     */
    async create(given: Given, actor: Actor): Promise<Grant & { already: boolean }> {
      const { role, effect = 'allow', on = {}, reason } = given
      const holder = await holderOf(given)
      const granting = { ...holder, role, effect, on, reason }
      const lasting = timeToCome(given.expiresAt)
      const wanted = { ...granting, expiresAt: lasting.expiresAt ?? null, reason: reason ?? null }
      const made = { id: '', already: false }
      await db.transaction(async (tx) => {
        await changeRights(tx, actor, async () => {
          const same = await selectSameGrant(tx, wanted)
          made.already = same !== undefined
          if (same !== undefined) return void (made.id = same.id)
          await refuseTooMany(tx, holder, given.user ?? given.team ?? '')
          made.id = await access.grantIn(tx, actor, { ...granting, ...lasting })
        })
      })
      return { ...(await get(made.id)), already: made.already }
    },

    /** Throws AppError `not_found`, `forbidden`, `last_administrator`. */
    async revoke(id: string, actor: Actor): Promise<void> {
      await db.transaction(async (tx) => {
        await changeRights(tx, actor, async () => {
          if (await access.revokeIn(tx, actor, id)) return
          throw notThere('grant', id)
        })
      })
    },

    /**
     * On everything, for an hour at most, and never longer than they may do so. Throws AppError
     * `not_found`, `forbidden`.
     */
    async breakGlass(
      given: { role: string; reason: string; minutes: number },
      actor: Actor,
      tell: TellBrokenGlass,
    ): Promise<Grant> {
      if (actor.kind !== 'user') {
        const hint = 'It takes a person who signed in, on the page: Access, Emergency.'
        throw new AppError('forbidden', { message: `${actor.name} is no user` }, { hint })
      }
      const { role, reason, minutes } = given
      const askedMs = clock.now().getTime() + minutes * 60_000
      const id = await db.transaction(async (tx) => {
        const endsMs = await heldUntil(tx, 'access:break-glass', actor)
        if (endsMs <= clock.now().getTime()) throw new AppError('forbidden')
        const expiresAt = new Date(Math.min(askedMs, endsMs))
        await tell(tx, { by: actor.name, role, until: expiresAt.toISOString(), reason })
        const granting = { principalId: actor.id, role, expiresAt, reason }
        return access.grantIn(tx, actor, { ...granting, action: 'grant.break_glass' })
      })
      return get(id)
    },
  }
}

export const describeGrant = (row: GrantRow): Grant => ({
  id: row.id,
  holder: { kind: row.holder_kind, id: row.holder_id, name: row.holder_name },
  ...{ role: row.role, effect: row.effect, on: row.selector },
  expiresAt: row.expires_at?.toISOString() ?? null,
  ...{ reason: row.reason, createdBy: row.created_by, createdAt: row.created_at.toISOString() },
})
