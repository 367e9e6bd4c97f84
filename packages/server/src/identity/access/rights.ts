import type { Permission, Selector } from '@keelson/contract'
import type { AccessFacts, Grant } from './engine.ts'
import { createSelectorIndex, type SelectorIndex } from './selector-index.ts'

/** One permission on what a selector says. */
export type Right = { permission: Permission; on: Selector; untilMs: number }

/** Whose rights bound what somebody gives: they must hold it all of them, and within the scopes. */
export type Giver = { principals: readonly string[]; scopes: readonly Permission[] | null }

/** What grants on one selector are about: each permission with when the last of them ends. */
type Held = { on: Selector; until: Map<Permission, number> }

type Book = { allow: SelectorIndex<Held>; deny: SelectorIndex<Held> }

/** What is denied for good, on all that a selector can match. */
export type Denied = (on: Selector) => ReadonlySet<Permission>

/** What a grant gives or denies; of a role that is there no more, nothing. */
export const rightsIn = (
  roles: AccessFacts['roles'],
  { role, on, expiresAt }: Pick<Grant, 'role' | 'on' | 'expiresAt'>,
): Right[] =>
  (roles.get(role) ?? []).map((permission) => ({
    ...{ permission, on, untilMs: expiresAt?.getTime() ?? Infinity },
  }))

/** What somebody is given and denied, by themselves and by their teams, that is not over. */
export const bookOf = (facts: AccessFacts, principal: string, nowMs: number): Book => {
  const teams = new Set(facts.teams.get(principal))
  const pages = { allow: new Map<string, Held>(), deny: new Map<string, Held>() }
  for (const grant of facts.grants) {
    const { kind, id } = grant.holder
    if (kind === 'team' ? !teams.has(id) : id !== principal) continue
    const untilMs = grant.expiresAt?.getTime() ?? Infinity
    if (untilMs <= nowMs) continue
    const key = JSON.stringify(grant.on)
    const held = pages[grant.effect].get(key) ?? { on: grant.on, until: new Map() }
    pages[grant.effect].set(key, held)
    for (const permission of facts.roles.get(grant.role) ?? []) {
      held.until.set(permission, Math.max(untilMs, held.until.get(permission) ?? -Infinity))
    }
  }
  return {
    allow: createSelectorIndex([...pages.allow.values()]),
    deny: createSelectorIndex([...pages.deny.values()]),
  }
}

/** When the last allow of this permission ends that covers the selector; -Infinity: there is none. */
export const allowedUntil = ({ allow }: Book, permission: Permission, on: Selector): number =>
  allow
    .covering(on)
    .reduce((last, { until }) => Math.max(last, until.get(permission) ?? -Infinity), -Infinity)

/** What one book has and is not denied for good. */
export const lastingIn = ({ allow, deny }: Book): { rights: Iterable<Right>; denied: Denied } => {
  const denied = deniedForGood(deny)
  const rights = function* (): Generator<Right> {
    for (const { on, until } of allow.all) {
      for (const [permission, untilMs] of until) {
        if (!denied(on).has(permission)) yield { permission, on, untilMs }
      }
    }
  }
  return { rights: rights(), denied }
}

const deniedForGood = (deny: SelectorIndex<Held>): Denied => {
  const known = new Map<Selector, ReadonlySet<Permission>>()
  return (on) => {
    const kept = known.get(on)
    if (kept !== undefined) return kept
    const denied = new Set<Permission>()
    for (const { until } of deny.covering(on)) {
      for (const [permission, untilMs] of until) if (untilMs === Infinity) denied.add(permission)
    }
    known.set(on, denied)
    return denied
  }
}

/**
 * Whether the giver holds a right on all that its selector can match, for as long: by one grant, and
 * with nothing of it denied to them but what is denied to whoever has it as well.
 */
export const createHolding = (facts: AccessFacts, { principals, scopes }: Giver, nowMs: number) => {
  const books = principals.map((one) => bookOf(facts, one, nowMs))
  const isIn = ({ allow, deny }: Book, { permission, on, untilMs }: Right, denied?: Denied) =>
    allow.covering(on).some(({ until }) => (until.get(permission) ?? -Infinity) >= untilMs) &&
    deny
      .touching(on)
      .every((own) => !own.until.has(permission) || denied?.(own.on).has(permission) === true)
  return (right: Right, denied?: Denied): boolean =>
    scopes?.includes(right.permission) !== false && books.every((book) => isIn(book, right, denied))
}
