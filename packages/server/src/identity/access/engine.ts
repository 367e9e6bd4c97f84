import { matchesNothing, type ObjectRef, type Permission, type Selector } from '@keelson/contract'
import { handleOf, labelHandle, matcherOf, type Matcher } from './selector.ts'

export type Grant = {
  id: string
  /** A principal or a team. */
  holder: { kind: 'principal' | 'team'; id: string }
  role: string
  effect: 'allow' | 'deny'
  on: Selector
  expiresAt: Date | null
}

/** All that decisions are made of, as it was in one epoch. */
export type AccessFacts = {
  disabled: ReadonlySet<string>
  /** Principal → its teams. */
  teams: ReadonlyMap<string, readonly string[]>
  roles: ReadonlyMap<string, readonly Permission[]>
  grants: readonly Grant[]
}

export type Decision = {
  allowed: boolean
  /** The first deny that matches, else the first allow; `null`: nothing matches. */
  by: Grant | null
  reason: 'disabled' | 'denied' | 'allowed' | 'no_grant'
}

/** A grant about the permission that was looked at, with why it did not decide. */
export type Considered = {
  grant: Grant
  why: 'decides' | 'agrees' | 'overruled' | 'other_object' | 'expired'
}

export type Engine = {
  /** p99 below 50 µs with 10,000 grants (bench/access). Without an object: on any at all. */
  decide(
    principal: string,
    permission: Permission,
    object: ObjectRef | null,
    nowMs: number,
  ): Decision
  /**
   * The same walk, telling what it passed: the grant that decides, those about the object, then
   * others, 100 at most.
   */
  explain(
    principal: string,
    permission: Permission,
    object: ObjectRef | null,
    nowMs: number,
  ): Decision & { considered: Considered[] }
  /** The same answer as `decide`, as if nobody were disabled: what bounds a token outlasts that. */
  would(principal: string, permission: Permission, object: ObjectRef | null, nowMs: number): boolean
  /** Permissions held on some object at least. */
  held(principal: string, nowMs: number): ReadonlySet<Permission>
}

const consideredMax = 100

type Rule = {
  grant: Grant
  matches: Matcher
  everywhere: boolean
  nowhere: boolean
  expiresMs: number
}

/** Rules of one permission and effect, found by what the object has. */
type Shelf = {
  all: Rule[]
  byStack: Map<string, Rule[]>
  byLabel: Map<string, Rule[]>
  byOwner: Map<string, Rule[]>
  other: Rule[]
}

/** Asked with every request; another one when the next grant ends. */
type Held = { held: ReadonlySet<Permission>; fromMs: number; untilMs: number }

type Book = Map<Permission, { allow: Shelf; deny: Shelf }>

/** Decides for everybody; a book for each principal is made when it is asked for first. */
export const createEngine = (facts: AccessFacts): Engine => {
  const grantsOf = Map.groupBy(facts.grants, ({ holder }) => `${holder.kind}/${holder.id}`)
  const books = new Map<string, Book>()
  const heldBy = new Map<string, Held>()

  const bookOf = (principal: string): Book => {
    const known = books.get(principal)
    if (known !== undefined) return known
    const book: Book = new Map()
    const holders = [
      `principal/${principal}`,
      ...(facts.teams.get(principal) ?? []).map((team) => `team/${team}`),
    ]
    for (const holder of holders) {
      for (const grant of grantsOf.get(holder) ?? []) {
        addGrant(book, grant, facts.roles.get(grant.role) ?? [])
      }
    }
    books.set(principal, book)
    return book
  }

  const decide: Engine['decide'] = (principal, permission, object, nowMs) =>
    facts.disabled.has(principal)
      ? { allowed: false, by: null, reason: 'disabled' }
      : decideEnabled(principal, permission, object, nowMs)

  const decideEnabled: Engine['decide'] = (principal, permission, object, nowMs) => {
    const shelves = bookOf(principal).get(permission)
    if (shelves === undefined) return { allowed: false, by: null, reason: 'no_grant' }
    const deny = find(shelves.deny, object, nowMs, 'deny')
    if (deny !== undefined) return { allowed: false, by: deny.grant, reason: 'denied' }
    const allow = find(shelves.allow, object, nowMs, 'allow')
    if (allow === undefined) return { allowed: false, by: null, reason: 'no_grant' }
    return { allowed: true, by: allow.grant, reason: 'allowed' }
  }

  return {
    decide,
    would: (...asked) => decideEnabled(...asked).allowed,
    explain(principal, permission, object, nowMs) {
      const decision = decide(principal, permission, object, nowMs)
      const shelves = bookOf(principal).get(permission)
      const both = shelves === undefined ? [] : [shelves.deny, shelves.allow]
      const whyOf = (rule: Rule): Considered['why'] => {
        if (rule.grant === decision.by) return 'decides'
        if (rule.expiresMs <= nowMs) return 'expired'
        if (!isAbout(rule, object, rule.grant.effect)) return 'other_object'
        return rule.grant.effect === decision.by?.effect ? 'agrees' : 'overruled'
      }
      const about = both
        .flatMap((shelf) => pilesOf(shelf, object))
        .flat()
        .filter((rule) => isAbout(rule, object, rule.grant.effect))
        .toSorted((a, b) => Number(b.grant === decision.by) - Number(a.grant === decision.by))
      const known = new Set(about)
      const others = both.flatMap(({ all }) =>
        all.slice(0, known.size + consideredMax).filter((rule) => !known.has(rule)),
      )
      const considered = [...about, ...others].slice(0, consideredMax)
      return {
        ...decision,
        considered: considered.map((rule) => ({ grant: rule.grant, why: whyOf(rule) })),
      }
    },
    held(principal, nowMs) {
      const known = heldBy.get(principal)
      if (known !== undefined && known.fromMs <= nowMs && nowMs < known.untilMs) return known.held
      const held = new Set<Permission>()
      let untilMs = Infinity
      for (const [permission, { allow, deny }] of bookOf(principal)) {
        if (decide(principal, permission, null, nowMs).allowed) held.add(permission)
        for (const { expiresMs } of [...allow.all, ...deny.all]) {
          if (expiresMs > nowMs) untilMs = Math.min(untilMs, expiresMs)
        }
      }
      heldBy.set(principal, { held, fromMs: nowMs, untilMs })
      return held
    },
  }
}

const newShelf = (): Shelf => ({
  ...{ all: [], other: [] },
  ...{ byStack: new Map(), byLabel: new Map(), byOwner: new Map() },
})

const addGrant = (book: Book, grant: Grant, permissions: readonly Permission[]): void => {
  const rule: Rule = {
    grant,
    matches: matcherOf(grant.on),
    everywhere: Object.keys(grant.on).length === 0,
    nowhere: matchesNothing(grant.on),
    expiresMs: grant.expiresAt?.getTime() ?? Infinity,
  }
  const handle = handleOf(grant.on)
  for (const permission of permissions) {
    const shelves = book.get(permission) ?? { allow: newShelf(), deny: newShelf() }
    book.set(permission, shelves)
    const shelf = shelves[grant.effect]
    shelf.all.push(rule)
    if (handle.by === 'stack') add(shelf.byStack, handle.stack, rule)
    else if (handle.by === 'label') add(shelf.byLabel, handle.label, rule)
    else if (handle.by === 'owner') add(shelf.byOwner, handle.owner, rule)
    else shelf.other.push(rule)
  }
}

const add = (rules: Map<string, Rule[]>, key: string, rule: Rule): void => {
  const known = rules.get(key)
  if (known === undefined) rules.set(key, [rule])
  else known.push(rule)
}

/**
 * Asked without an object, any allow that matches something could be about one; a deny is about all only
 * if its selector has no part.
 */
const isAbout = (rule: Rule, object: ObjectRef | null, effect: Grant['effect']): boolean => {
  if (object !== null) return rule.matches(object)
  return effect === 'allow' ? !rule.nowhere : rule.everywhere
}

/** Where a rule about the object must be; some of them are about others. */
const pilesOf = (shelf: Shelf, object: ObjectRef | null): (readonly Rule[])[] => {
  if (object === null) return [shelf.all]
  const { path, labels = {}, owner } = object
  const [stack] = path
  const named = stack === undefined ? undefined : shelf.byStack.get(stack)
  const owned = owner === undefined ? undefined : shelf.byOwner.get(owner)
  const labelled = Object.entries(labels).map(([name, value]) =>
    shelf.byLabel.get(labelHandle(name, value)),
  )
  return [named, owned, ...labelled, shelf.other].filter((pile) => pile !== undefined)
}

const find = (
  shelf: Shelf,
  object: ObjectRef | null,
  nowMs: number,
  effect: Grant['effect'],
): Rule | undefined => {
  for (const pile of pilesOf(shelf, object)) {
    const found = pile.find((rule) => rule.expiresMs > nowMs && isAbout(rule, object, effect))
    if (found !== undefined) return found
  }
  return undefined
}
