import { permissions, selectorName, type Permission, type Selector } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Queryable, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Access } from './access.ts'
import { changeOf, type RightsFacts } from './change.ts'
import type { AccessFacts } from './engine.ts'
import { createFactorRule, type FactorFacts } from './factor-rule.ts'
import {
  allowedUntil,
  bookOf,
  createHolding,
  lastingIn,
  rightsIn,
  type Denied,
  type Giver,
  type Right,
} from './rights.ts'
import { readFacts, usersAmong } from './store.ts'

type Holder = { id: string; name: string }

/**
 * Whoever gets a link of somebody acts as them from then on: none by somebody who may less, or not for
 * as long. By what is so in this transaction. Throws AppError `forbidden`.
 */
export type RefuseToRise = (tx: Queryable, holder: Holder, actor: Actor) => Promise<void>

/**
 * Whoever disables somebody, or ends what they come in by, decides whether they can act: nobody who may
 * less at this moment. The same of a token of theirs, which is worth no more than its maker. Throws AppError
 * `forbidden`.
 */
export type RefuseMightier = RefuseToRise

/**
 * The first, of what the makers of a link may by now: whom it leads to may have been given more since.
 * `makers` null: the machine itself. Throws AppError `link_invalid`.
 */
export type RefuseOutgrown = (
  tx: Queryable,
  holder: Holder,
  makers: readonly string[] | null,
) => Promise<void>

/**
 * Around what changes rights, as `keepAnAdministrator`: nobody gives or takes away what they do not hold
 * themselves on all that it is about, nor gives it for longer; and nobody who may more has to add a second
 * factor by it before they may anything again. Throws AppError `forbidden`, `last_administrator`.
 */
export type ChangeRights = (tx: Tx, actor: Actor, change: () => Promise<void>) => Promise<void>

/** Of what will be given by others in the name of this one. Throws AppError `forbidden`. */
export type RefuseToGive = (tx: Queryable, given: readonly Given[], actor: Actor) => Promise<void>
type Given = { role: string; on?: Selector }

/**
 * What holders of these roles are asked for at sign-in becomes another thing: for good, and by nobody who
 * holds less than the roles give. Throws AppError `forbidden`.
 */
export type RefuseToAsk = (tx: Queryable, roles: readonly string[], actor: Actor) => Promise<void>

/**
 * A name is what somebody goes by who gives to the team later: it is changed by nobody who holds less than
 * the team. Throws AppError `forbidden`.
 */
export type RefuseToRename = (tx: Queryable, teamId: string, actor: Actor) => Promise<void>

/** When the last grant ends of this permission on the platform; `Infinity`: for good. */
export type HeldUntil = (tx: Queryable, permission: Permission, actor: Actor) => Promise<number>

/** Whose rights bound what this one makes; null: the machine's, which has all. */
export const makersOf = ({ kind, id, origin }: Actor): readonly string[] | null =>
  kind === 'local' || kind === 'system' ? null : [id, ...origin.boundedBy]

/** What it takes to give at all. */
const giving: Omit<Right, 'untilMs'> = { permission: 'access:write', on: { name: 'platform' } }

export const createRise = ({ access, clock }: { access: Access; clock: Clock }) => {
  const nowMs = (): number => clock.now().getTime()

  const giverOf = (actor: Actor): Giver | null => {
    const principals = makersOf(actor)
    return principals === null ? null : { principals, scopes: actor.origin.scopes }
  }

  const holdingOf = (facts: AccessFacts, giver: Giver) => {
    const [self = ''] = giver.principals
    const holds = createHolding(facts, giver, nowMs())
    return (right: Right, denied?: Denied): boolean =>
      access.isOfEverybody(right.permission) || (!facts.disabled.has(self) && holds(right, denied))
  }

  /** What the holder may besides, were they enabled and all that is denied for a while over. */
  const moreThan = (
    facts: AccessFacts,
    holder: Holder,
    { giver, isForGood }: { giver: Giver; isForGood: boolean },
  ): Right | undefined => {
    const holds = holdingOf(facts, giver)
    const untilMs = nowMs()
    const { rights, denied } = lastingIn(bookOf(facts, holder.id, untilMs))
    for (const right of rights) {
      if (!holds(isForGood ? right : { ...right, untilMs }, denied)) return right
    }
    return undefined
  }

  const refuseMore =
    (isForGood: boolean): RefuseToRise =>
    async (tx, holder, actor) => {
      const giver = giverOf(actor)
      if (giver === null || isWholly(actor, holder.id)) return
      const more = moreThan(await readFacts(tx), holder, { giver, isForGood })
      if (more === undefined) return
      throw new AppError('forbidden', {
        message: `${holder.name} may more than you: ${wordsOf(more)}`,
      })
    }

  const refuseOutgrown: RefuseOutgrown = async (tx, holder, makers) => {
    if (makers === null || makers.every((id) => id === holder.id)) return
    const giver = { principals: makers, scopes: null }
    if (moreThan(await readFacts(tx), holder, { giver, isForGood: true }) === undefined) return
    const message = `Whoever made this link may less than ${holder.name} by now`
    throw new AppError('link_invalid', { message })
  }

  const refuseBeyond = (
    facts: AccessFacts,
    { given, taken }: { given: readonly Right[]; taken: readonly Right[] },
    giver: Giver,
    words = { give: 'give', take: 'take away' },
  ): void => {
    const now = nowMs()
    const holds = holdingOf(facts, giver)
    const toGive = given.filter(({ untilMs }) => untilMs > now)
    const longestMs = toGive.reduce((longest, { untilMs }) => Math.max(longest, untilMs), 0)
    const asked = toGive.length === 0 ? [] : [{ ...giving, untilMs: longestMs }, ...toGive]
    const beyond = asked.find((right) => !holds(right))
    if (beyond !== undefined) throw notYours(words.give, beyond, holds({ ...beyond, untilMs: now }))
    const toTake = taken.filter(({ untilMs }) => untilMs > now)
    const over = toTake.find((right) => !holds({ ...right, untilMs: now }))
    if (over !== undefined) throw notYours(words.take, over, false)
  }

  /** Not the giver: what they ask of themselves is theirs. */
  const refuseToLock = async (
    tx: Queryable,
    { before, after }: Record<'before' | 'after', RightsFacts & FactorFacts>,
    giver: Giver,
  ): Promise<void> => {
    const [was, is] = [createFactorRule(before), createFactorRule(after)]
    const now = nowMs()
    const locked = holdersIn(after).filter(
      (id) => !giver.principals.includes(id) && is.isLacking(id, now) && !was.isLacking(id, now),
    )
    if (locked.length === 0 || mayAll(before, giver)) return
    for (const user of await usersAmong(tx, locked)) {
      const more = moreThan(before, user, { giver, isForGood: false })
      if (more === undefined) continue
      throw new AppError(
        'forbidden',
        { message: `${user.name} may more than you: ${wordsOf(more)}` },
        { hint: 'This would ask them for a second factor they do not have, and lock them out' },
      )
    }
  }

  const mayAll = (facts: AccessFacts, giver: Giver): boolean => {
    const holds = holdingOf(facts, giver)
    return permissions.every((permission) => holds({ permission, on: {}, untilMs: nowMs() }))
  }

  const changeRights: ChangeRights = (tx, actor, change) =>
    access.keepAnAdministrator(tx, async () => {
      const giver = giverOf(actor)
      if (giver === null) return change()
      const before = await readFacts(tx)
      await change()
      const after = await readFacts(tx)
      refuseBeyond(before, changeOf(before, after), giver)
      await refuseToLock(tx, { before, after }, giver)
    })

  const refuseToGive: RefuseToGive = async (tx, given, actor) => {
    const giver = giverOf(actor)
    if (giver === null) return
    const facts = await readFacts(tx)
    const rights = given.flatMap(({ role, on = {} }) =>
      (facts.roles.get(role) ?? []).map((permission) => ({ permission, on, untilMs: Infinity })),
    )
    refuseBeyond(facts, { given: [...rights, { ...giving, untilMs: Infinity }], taken: [] }, giver)
  }

  const refuseToAsk: RefuseToAsk = async (tx, roles, actor) => {
    const giver = giverOf(actor)
    if (giver === null) return
    const facts = await readFacts(tx)
    const holds = holdingOf(facts, giver)
    const rights = roles.flatMap((role) => rightsIn(facts.roles, { role, on: {}, expiresAt: null }))
    const beyond = [{ ...giving, untilMs: Infinity }, ...rights].find((right) => !holds(right))
    if (beyond === undefined) return
    throw new AppError(
      'forbidden',
      { message: `To change this takes holding ${wordsOf(beyond)} yourself, for good` },
      { hint: 'What is asked of a role is changed by whoever holds all it gives, on everything' },
    )
  }

  const refuseToRename: RefuseToRename = async (tx, teamId, actor) => {
    const giver = giverOf(actor)
    if (giver === null) return
    const facts = await readFacts(tx)
    const grants = facts.grants.filter(
      ({ holder }) => holder.kind !== 'team' || holder.id !== teamId,
    )
    const words = { give: 'rename a team that is denied', take: 'rename a team that holds' }
    refuseBeyond(facts, changeOf(facts, { ...facts, grants }), giver, words)
  }

  const heldUntil: HeldUntil = async (tx, permission, actor) => {
    const facts = await readFacts(tx)
    return allowedUntil(bookOf(facts, actor.id, nowMs()), permission, giving.on)
  }

  return {
    heldUntil,
    ...{ refuseToRise: refuseMore(true), refuseMightier: refuseMore(false) },
    ...{ refuseOutgrown, changeRights, refuseToGive, refuseToAsk, refuseToRename },
  }
}

/** It is this one, by nothing that bounds them. */
const isWholly = ({ id, origin }: Actor, holderId: string): boolean =>
  id === holderId && origin.scopes === null && origin.boundedBy.length === 0

/** Whoever holds something, by themselves or by a team. */
const holdersIn = ({ grants, teams }: AccessFacts): readonly string[] => [
  ...new Set([
    ...teams.keys(),
    ...grants.flatMap(({ holder }) => (holder.kind === 'principal' ? [holder.id] : [])),
  ]),
]

const wordsOf = ({ permission, on }: Pick<Right, 'permission' | 'on'>): string =>
  `${permission} on ${selectorName(on)}`

const notYours = (verb: string, right: Right, isHeldNow: boolean): AppError =>
  isHeldNow
    ? new AppError(
        'forbidden',
        { message: `You hold ${wordsOf(right)} for a while only: what you give ends with it` },
        { hint: 'Give it with an end, until then at most: --for, or expiresAt' },
      )
    : new AppError(
        'forbidden',
        { message: `To ${verb} ${wordsOf(right)} takes holding it there yourself` },
        { hint: 'On less, or fewer permissions; or ask somebody who holds it on all of that' },
      )
