import { Type, type Static } from 'typebox'

/**
 * The closed list of what the audit tells of, in the past tense, with the words a person reads. A new
 * change needs a row here first.
 */
export const auditActions = {
  // Signing in
  'session.created': 'signed in',
  'session.refused': 'was refused at sign-in',
  'session.ended': 'signed out',
  'session.revoked': 'revoked a session',
  'request.denied': 'was denied a request',
  // People
  'setup.completed': 'set Keelson up',
  'setup_link.created': 'made a set-up link',
  'user.invited': 'invited a user',
  'user.joined': 'accepted an invitation',
  'user.changed': 'changed a user',
  'user.disabled': 'disabled a user',
  'user.enabled': 'enabled a user',
  'user.deleted': 'deleted a user',
  'password.changed': 'changed a password',
  'password.reset_started': 'made a reset link',
  'password.reset': 'reset a password by link',
  'preferences.changed': 'changed preferences',
  // Access
  'team.created': 'made a team',
  'team.changed': 'changed a team',
  'team.deleted': 'deleted a team',
  'role.created': 'made a role',
  'role.changed': 'changed a role',
  'role.deleted': 'deleted a role',
  'grant.created': 'granted a role',
  'grant.revoked': 'revoked a grant',
  'grant.break_glass': 'broke the glass',
  // Stacks and services
  'stack.applied': 'applied a stack',
  'stack.removed': 'removed a stack',
  'service.started': 'started a service',
  'service.stopped': 'stopped a service',
  'service.restarted': 'restarted a service',
  'service.scaled': 'scaled a service',
  'service.rolled_back': 'rolled a service back',
  'service.synced': 'copied files into a service',
  'service.exec': 'ran a command in a service',
  'gap.audited': 'audited the files of a stack',
  'gap.accepted': 'accepted a finding',
  'gap.withdrawn': 'withdrew an acceptance',
  // Gateway
  'gateway.configured': 'changed the gateway configuration',
  'gateway.consumer_created': 'made a consumer',
  'gateway.consumer_deleted': 'deleted a consumer',
  'gateway.key_created': 'made a consumer key',
  'gateway.credential_deleted': 'revoked a consumer credential',
  'gateway.cache_purged': 'purged a cache',
  'gateway.cache_warmed': 'warmed a cache',
  'gateway.canary_decided': 'decided on a canary',
  'gateway.exported': 'exported the gateway configuration with its secrets',
  // The platform
  'system.stopped': 'stopped the platform',
  'audit.dropped': 'dropped audit rows that were old enough',
  'audit.exported': 'exported the audit',
} as const

export type AuditAction = keyof typeof auditActions
const actionNames = Object.keys(auditActions) as AuditAction[]

export const auditOutcomes = ['done', 'denied', 'failed'] as const

export const AuditRow = Type.Object(
  {
    id: Type.String(),
    at: Type.String({ format: 'date-time' }),
    action: Type.Enum(actionNames),
    outcome: Type.Enum([...auditOutcomes]),
    actor: Type.Object({
      kind: Type.String({
        description: 'user, service_account, stack_service, local, system, anonymous',
      }),
      id: Type.String(),
      name: Type.String(),
      credential: Type.Union([Type.String({ description: 'As token:<public id>' }), Type.Null()]),
    }),
    onBehalfOf: Type.Union([Type.String(), Type.Null()]),
    object: Type.Object({ kind: Type.String(), id: Type.String(), name: Type.String() }),
    before: Type.Unknown({ description: 'What changed, before; secrets as fingerprints' }),
    after: Type.Unknown({ description: 'What changed, after; secrets as fingerprints' }),
    cut: Type.Boolean({ description: 'Before and after were too large to be kept' }),
    reason: Type.Union([Type.String(), Type.Null()]),
    address: Type.Union([Type.String(), Type.Null()]),
    via: Type.Enum(['page', 'cli', 'api', 'automation']),
    requestId: Type.Union([Type.String(), Type.Null()]),
    /** Equal ones within ten seconds are one row. */
    count: Type.Integer(),
    place: Type.Object({ lane: Type.Integer(), number: Type.String(), chain: Type.String() }),
  },
  { $id: 'AuditRow' },
)
export type AuditRow = Static<typeof AuditRow>

const text = (maxLength: number) => Type.Optional(Type.String({ minLength: 1, maxLength }))
const time = Type.Optional(Type.String({ format: 'date-time', maxLength: 40 }))

/** What of the audit is asked for; all that is given must hold. */
export const AuditFilter = Type.Object(
  {
    actor: Type.Optional(
      Type.String({ minLength: 1, maxLength: 300, description: 'Name of who did it' }),
    ),
    action: Type.Optional(Type.Enum(actionNames)),
    object: Type.Optional(
      Type.String({
        pattern: '^[a-z_]+:.',
        maxLength: 400,
        description: 'Kind and name, or id: service:shop/web, user:ana',
      }),
    ),
    outcome: Type.Optional(Type.Enum([...auditOutcomes])),
    address: text(100),
    from: time,
    until: time,
    contains: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'Text anywhere in the row, in upper or lower case',
      }),
    ),
  },
  { additionalProperties: false },
)
export type AuditFilter = Static<typeof AuditFilter>

/** Query of `GET /api/v1/audit/export`. */
export const AuditExport = Type.Object(
  { ...AuditFilter.properties, format: Type.Enum(['jsonl', 'csv'], { default: 'jsonl' }) },
  { additionalProperties: false },
)

export const AuditState = Type.Object(
  {
    keptMonths: Type.Integer({ description: 'How long rows are kept; 0: for ever' }),
    checkpoint: Type.Union([
      Type.Object({ number: Type.Integer(), at: Type.String({ format: 'date-time' }) }),
      Type.Null(),
    ]),
  },
  { $id: 'AuditState', description: 'How the audit is kept, and when its ends were signed last' },
)
export type AuditState = Static<typeof AuditState>

export const auditEndpoints = {
  listAudit: {
    method: 'GET',
    path: '/api/v1/audit',
    permission: 'audit:read',
    summary:
      'Who did what, newest first; a page may hold fewer rows than asked for: go on by its cursor',
    query: Type.Object(
      {
        ...AuditFilter.properties,
        cursor: Type.Optional(Type.String({ maxLength: 100 })),
        limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
      },
      { additionalProperties: false },
    ),
    response: Type.Object({
      items: Type.Array(AuditRow),
      nextCursor: Type.Union([Type.String(), Type.Null()]),
    }),
  },
  getAuditState: {
    method: 'GET',
    path: '/api/v1/audit/state',
    permission: 'audit:read',
    summary: 'How long the audit is kept, and its last checkpoint',
    response: AuditState,
  },
} as const
