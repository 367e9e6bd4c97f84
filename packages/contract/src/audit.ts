import { Type, type Static } from 'typebox'
import { auditActions, auditOutcomes, type AuditAction } from './audit-actions.ts'

const actionNames = Object.keys(auditActions) as AuditAction[]

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
    action: Type.Optional(
      Type.Enum(actionNames, {
        'x-fault': 'there is no such action; AuditRow in docs/reference/api.md has all of them',
      }),
    ),
    object: Type.Optional(
      Type.String({
        pattern: '^[a-z_]+:.',
        'x-fault': 'an object is written kind:name, as service:shop/web or user:ana',
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

export const AuditSinkState = Type.Object({
  name: Type.Enum(['syslog', 'webhook']),
  to: Type.String({ description: 'Where to, without what may be secret in an address' }),
  lagRows: Type.Integer({ description: 'Rows that are not delivered yet' }),
  lagSeconds: Type.Integer({ description: 'Age of the oldest of them; 0 without any' }),
  deliveredAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  failure: Type.Union([Type.String(), Type.Null()], {
    description: 'Why the last try failed; null when it did not',
  }),
})
export type AuditSinkState = Static<typeof AuditSinkState>

export const AuditState = Type.Object(
  {
    keptMonths: Type.Integer({ description: 'How long rows are kept; 0: for ever' }),
    checkpoint: Type.Union([
      Type.Object({ number: Type.Integer(), at: Type.String({ format: 'date-time' }) }),
      Type.Null(),
    ]),
    sinks: Type.Array(AuditSinkState, { description: 'Where else it is delivered' }),
  },
  {
    $id: 'AuditState',
    description: 'How the audit is kept and delivered, and when its ends were signed last',
  },
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
    summary: 'How long the audit is kept, its last checkpoint, and what is not delivered yet',
    response: AuditState,
  },
} as const
