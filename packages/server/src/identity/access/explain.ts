import {
  builtInRoles,
  isPermission,
  objectName,
  parseObject,
  type AccessExplanation,
  type ObjectRef,
  type Permission,
} from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { nameKey } from '../names.ts'
import type { Access } from './access.ts'
import type { Decision, Grant } from './engine.ts'
import { describeGrant } from './grants.ts'
import { findPrincipal, selectGrantsById } from './grant-store.ts'
import { findRole } from './role-store.ts'

type Deps = { db: Db; clock: Clock; epoch: Epoch; access: Access }

/** What is asked about, and whether it is there. */
export type Asked = ObjectRef & { isThere: boolean }

export type AccessQuestion = { who: string; permission: Permission; object?: string }

/** Why somebody may or may not. */
export const createExplain = ({ db, clock, epoch, access }: Deps) => {
  const ofPrincipal = async (
    who: AccessExplanation['who'],
    permission: Permission,
    object: Asked,
  ): Promise<AccessExplanation> => {
    const nowMs = clock.now().getTime()
    const { considered, ...decision } = access.engine().explain(who.id, permission, object, nowMs)
    const isOpen = access.isOfEverybody(permission) && decision.reason !== 'disabled'
    const rows = await selectGrantsById(
      db,
      considered.map(({ grant }) => grant.id),
    )
    const told = new Map(rows.map((row) => [row.id, describeGrant(row)]))
    return {
      ...describe(who, permission, object, isOpen ? everybody : decision),
      // A grant that was revoked this moment has no row any more.
      considered: considered.flatMap(({ grant, why }) => {
        const row = told.get(grant.id)
        return row === undefined ? [] : [{ grant: row, why }]
      }),
    }
  }

  const ofRole = async (
    name: string,
    permission: Permission,
    object: Asked,
  ): Promise<AccessExplanation | null> => {
    const builtIn = Object.hasOwn(builtInRoles, name) ? builtInRoles[name] : undefined
    const role = builtIn ?? (await findRole(db, name))
    if (role === undefined) return null
    const may = role.permissions.filter(isPermission).includes(permission)
    const decision = { allowed: may, by: null, reason: may ? 'allowed' : 'no_grant' } as const
    const who = { kind: 'role' as const, id: name, name }
    const isOpen = access.isOfEverybody(permission)
    return {
      ...describe(who, permission, object, isOpen ? everybody : decision),
      considered: [],
    }
  }

  /**
   * `known` tells whether there is such an object, and adds its labels and owner. Throws AppError `not_found` for nobody of
   * this name, `bad_request` for what is no object.
   */
  return async (
    { who, permission, object: text = 'platform' }: AccessQuestion,
    known: (object: ObjectRef) => Asked,
  ): Promise<AccessExplanation> => {
    const parsed = parseObject(text)
    if (parsed === undefined) {
      const hint = 'Write platform, gateway, stack:shop or service:shop/web.'
      throw new AppError('bad_request', { message: `${text} is no object` }, { hint })
    }
    const object = known(parsed)
    await epoch.settled() // a grant that was made right before counts
    const [, kind, name = who] = /^(role|user):(.*)$/s.exec(who) ?? []
    const principal = kind === 'role' ? undefined : await findPrincipal(db, name, nameKey(name))
    if (principal !== undefined) return ofPrincipal(principal, permission, object)
    const role = kind === 'user' ? null : await ofRole(name, permission, object)
    if (role !== null) return role
    const message = `There is no user and no role ${name}`
    const hint = 'See which there are: keelson user list, keelson role list'
    throw new AppError('not_found', { message }, { hint })
  }
}

type Why = { reason: AccessExplanation['reason']; allowed: boolean; by: Grant | null }

const everybody: Why = { allowed: true, by: null, reason: 'everybody' }

const describe = (
  who: AccessExplanation['who'],
  permission: Permission,
  object: Asked,
  why: Why | Decision,
): Omit<AccessExplanation, 'considered'> => ({
  ...{ allowed: why.allowed, reason: why.reason, who, permission },
  object: {
    ...{ name: objectName(object), labels: { ...object.labels }, owner: object.owner ?? null },
    isThere: object.isThere,
  },
  sentence: sentenceOf(who, permission, object, why),
})

const sentenceOf = (
  { kind, name }: AccessExplanation['who'],
  permission: Permission,
  object: ObjectRef,
  { reason, by }: Why | Decision,
): string => {
  const asked = `${permission} on ${objectName(object)}`
  const role = by === null ? '' : by.role
  const through = by?.holder.kind === 'team' ? ' through a team' : ''
  if (kind === 'role') {
    if (reason === 'no_grant') return `The role ${name} does not hold ${permission}`
    return `Whoever holds the role ${name} on ${objectName(object)} may ${permission}`
  }
  if (reason === 'disabled') return `${name} is disabled and may do nothing`
  if (reason === 'everybody') return `Everybody may ${permission}`
  if (reason === 'denied') return `${name} may not ${asked}: the role ${role} is denied${through}`
  if (reason === 'allowed') return `${name} may ${asked}: holds the role ${role}${through}`
  return `${name} may not ${asked}: no grant says so`
}
