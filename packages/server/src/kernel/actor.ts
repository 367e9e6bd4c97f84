import { permissions, type Permission } from '@keelson/contract'

/** Who asks. Everything that decides or records looks at this and at nothing else. */
export type Actor = {
  kind: 'anonymous' | 'administrator' | 'local' | 'system'
  /** Shown in the timeline and the log. */
  name: string
  permissions: ReadonlySet<Permission>
  /** End of the session; null when it has none. */
  expiresAt: Date | null
}

export const anonymous: Actor = {
  kind: 'anonymous',
  name: 'anonymous',
  // The state of services is what a status page shows, and services ask for it without a token.
  // Only loopback reaches it: the platform binds nowhere else.
  permissions: new Set<Permission>(['public', 'status:read']),
  expiresAt: null,
}

/** The person who holds the machine's local token: the CLI. */
export const localActor: Actor = {
  kind: 'local',
  name: 'local command line',
  permissions: new Set(permissions),
  expiresAt: null,
}

export const administrator = (expiresAt: Date): Actor => ({
  kind: 'administrator',
  name: 'administrator',
  permissions: new Set(permissions),
  expiresAt,
})

export const can = (actor: Actor, permission: Permission): boolean =>
  actor.permissions.has(permission)
