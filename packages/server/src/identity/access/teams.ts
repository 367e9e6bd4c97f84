import type { Team } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit, AuditEntry } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import { isUniqueViolation, type Db, type Queryable, type Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import { changed } from '../changed.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { nameKey, refuseMisleading } from '../names.ts'
import { notThere } from '../not-there.ts'
import type { Access } from './access.ts'
import type { ChangeRights, RefuseToRename } from './rise.ts'
import {
  deleteMember,
  deleteTeam,
  findTeam,
  insertMember,
  insertTeam,
  selectTeams,
  updateTeam,
} from './team-store.ts'

type Deps = {
  db: Db
  clock: Clock
  audit: Audit
  epoch: Epoch
  access: Access
  changeRights: ChangeRights
  refuseToRename: RefuseToRename
}

/** Who belongs together; a grant of the team is one of each member. */
export const createTeams = (deps: Deps) => {
  const { db, clock, audit, epoch, access, changeRights, refuseToRename } = deps

  /** Throws AppError `not_found`. */
  const find = async (idOrName: string, on: Queryable = db): Promise<Team> => {
    const team = await findTeam(on, idOrName, nameKey(idOrName))
    if (team !== undefined) return team
    throw notThere('team', idOrName)
  }

  /**
   * One transaction, its row in the audit, and everybody told; answers with the team after it. Null from
   * the verb: nothing was changed, and nothing is told.
   */
  const change = async (
    idOrName: string,
    actor: Actor,
    verb: (tx: Tx, team: Team) => Promise<Pick<AuditEntry, 'before' | 'after'> | null>,
  ): Promise<Team> => {
    const { id } = await find(idOrName)
    await db.transaction(async (tx) => {
      const team = await find(id, tx)
      const told = await verb(tx, team)
      if (told === null) return
      await epoch.advance(tx, 'access')
      audit.record(tx, actor, { action: 'team.changed', object: teamObject(team), ...told })
    })
    return find(id)
  }

  return {
    find,
    list: (): Promise<Team[]> => selectTeams(db),

    /** Throws AppError `name_taken`. */
    async create(given: { name: string; description?: string }, actor: Actor): Promise<Team> {
      const { name, description = '' } = given
      refuseMisleading(name)
      const id = newId()
      await db.transaction(async (tx) => {
        const team = { id, name, nameKey: nameKey(name), description, now: clock.now() }
        await insertTeam(tx, team).catch(nameTaken(name))
        audit.record(tx, actor, {
          ...{ action: 'team.created', object: teamObject({ id, name }), after: { description } },
        })
      })
      return find(id)
    },

    /** Throws AppError `not_found`, `name_taken`, `forbidden`. */
    update: (team: string, given: { name?: string; description?: string }, actor: Actor) =>
      change(team, actor, async (tx, before) => {
        const { name = before.name, description = before.description } = given
        if (name !== before.name) {
          refuseMisleading(name)
          await access.lock(tx)
          await refuseToRename(tx, before.id, actor)
        }
        const next = { name, nameKey: nameKey(name), description }
        await updateTeam(tx, before.id, next).catch(nameTaken(name))
        return changed(
          { name: before.name, description: before.description },
          { name, description },
        )
      }),

    /** Throws AppError `not_found`, `last_administrator`, `forbidden`. */
    async remove(idOrName: string, actor: Actor): Promise<void> {
      const team = await find(idOrName)
      await db.transaction(async (tx) => {
        await changeRights(tx, actor, async () => {
          await access.revokeAllIn(tx, actor, { teamId: team.id })
          await deleteTeam(tx, team.id)
        })
        await epoch.advance(tx, 'access')
        audit.record(tx, actor, {
          ...{ action: 'team.deleted', object: teamObject(team) },
          before: { members: team.members.map(({ name }) => name), roles: team.roles },
        })
      })
    },

    /** Throws AppError `not_found`, `forbidden`, and `last_administrator` when the team is denied too much. */
    addMember: (team: string, member: string, actor: Actor) =>
      change(team, actor, async (tx, { id }) => {
        const principal = await access.findPrincipal(member, tx)
        let isNew = false
        await changeRights(tx, actor, async () => {
          isNew = await insertMember(tx, id, principal.id)
        })
        return isNew ? { after: { member: principal.name } } : null
      }),

    /** Throws AppError `not_found`, `last_administrator`, `forbidden`. */
    removeMember: (team: string, member: string, actor: Actor) =>
      change(team, actor, async (tx, { id, name }) => {
        const principal = await access.findPrincipal(member, tx)
        await changeRights(tx, actor, async () => {
          if (await deleteMember(tx, id, principal.id)) return
          throw new AppError('not_found', { message: `${principal.name} is not in ${name}` })
        })
        return { before: { member: principal.name } }
      }),
  }
}

const teamObject = ({ id, name }: Pick<Team, 'id' | 'name'>) => ({ kind: 'team', id, name })

const nameTaken = (name: string) => (error: unknown) => {
  if (!isUniqueViolation(error)) throw error
  throw new AppError('name_taken', { message: `${name}, or a name that looks like it, is taken` })
}
