import { permissions, type ObjectRef, type Permission } from '@keelson/contract'

/** Who asks. Everything that decides or records looks at this and at nothing else. */
export type Actor = {
  kind: 'anonymous' | 'user' | 'service_account' | 'stack_service' | 'local' | 'system'
  /** Unique within its kind; '' for anonymous. */
  id: string
  /** Shown in the timeline and the log. */
  name: string
  /** What it may do on some object at least. */
  permissions: ReadonlySet<Permission>
  /** Whether it may on this one. */
  may(permission: Permission, object: ObjectRef): boolean
  /** End of the session or token; null when it has none. */
  expiresAt: Date | null
  /** A role asks for a second factor and there is none: it can do nothing but add one. */
  factorNeeded: boolean
  origin: Origin
}

/** How a request came: what the audit says besides who. */
export type Origin = {
  requestId: string | null
  /** Of the client, behind trusted proxies the one they name. */
  address: string | null
  via: 'page' | 'cli' | 'api' | 'automation'
  /** What proved who it is: a cookie needs the defence against forged requests. */
  provenBy: 'nothing' | 'cookie' | 'bearer'
  /** As `session:<id>` or `token:<public id>`. */
  credential: string | null
  /** Which secret of its API token it came by, counted from 1; null: by none. */
  secretNumber: number | null
  /** When it last proved itself with a password or a factor; null for tokens. */
  authenticatedAt: Date | null
  /** What its token may at most; null: all that its owner may. */
  scopes: readonly Permission[] | null
  /** Ids of those who made its token for somebody else: it may nothing that one of them may not. */
  boundedBy: readonly string[]
}

/** Of what the platform does by itself. */
export const noOrigin: Origin = {
  requestId: null,
  address: null,
  via: 'automation',
  provenBy: 'nothing',
  credential: null,
  secretNumber: null,
  authenticatedAt: null,
  scopes: null,
  boundedBy: [],
}

const withPermissions = (allowed: readonly Permission[]) => {
  const set: ReadonlySet<Permission> = new Set(allowed)
  return { permissions: set, may: (permission: Permission) => set.has(permission) }
}

export const anonymous: Actor = {
  ...{
    kind: 'anonymous',
    id: '',
    name: 'anonymous',
    expiresAt: null,
    factorNeeded: false,
    origin: noOrigin,
  },
  // The state of services is what a status page shows, and services ask for it without a token.
  ...withPermissions(['public', 'status:read']),
}

/** The person who holds the machine's local token: the CLI. */
export const localActor: Actor = {
  ...{
    kind: 'local',
    id: 'local',
    name: 'local command line',
    expiresAt: null,
    factorNeeded: false,
  },
  origin: { ...noOrigin, via: 'cli', provenBy: 'bearer', credential: 'local' },
  ...withPermissions(permissions),
}

/** The platform itself, acting by its own rules. */
export const systemActor: Actor = {
  ...{
    kind: 'system',
    id: 'system',
    name: 'keelson',
    expiresAt: null,
    factorNeeded: false,
    origin: noOrigin,
  },
  ...withPermissions(permissions),
}

/** Long enough for what one came to do, too short for whoever finds the browser open. */
const freshForMs = 15 * 60_000
/** A clock may be set back a little; a proof of tomorrow was made while it was wrong. */
const aheadMaxMs = 60_000

/**
 * A person has proved in this browser who they are, a short time ago. A program that was signed in then
 * has not: it must not turn that into something that outlives it.
 */
export const isFresh = ({ origin: { authenticatedAt, provenBy } }: Actor, now: Date): boolean => {
  if (provenBy !== 'cookie' || authenticatedAt === null) return false
  const ageMs = now.getTime() - authenticatedAt.getTime()
  return ageMs <= freshForMs && ageMs >= -aheadMaxMs
}

/** On the object, or without one: on any at all. */
export const can = (actor: Actor, permission: Permission, object?: ObjectRef): boolean =>
  object === undefined ? actor.permissions.has(permission) : actor.may(permission, object)
