import { Type, type Static } from 'typebox'
import { cursor, endpoint, InStack, limit } from './endpoint.ts'
import { TimelineEntry } from './events.ts'
import { page } from './schemas.ts'
import { State } from './service.ts'

const PlatformCertificate = Type.Object({
  source: Type.Enum(['files', 'acme']),
  /** None as long as there is no certificate. */
  names: Type.Array(Type.String()),
  notAfter: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  /** Whether it is for the name of the public address. */
  fits: Type.Boolean(),
  /** Why there is no new one. */
  problem: Type.Union([Type.String(), Type.Null()]),
  nextTryAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
})

export const System = Type.Object(
  {
    version: Type.String(),
    startedAt: Type.String({ format: 'date-time' }),
    node: Type.String(),
    dataFolder: Type.String(),
    /** Where people reach the page. */
    publicUrl: Type.String(),
    /** Of the platform's own port for TLS; null: it has none. */
    certificate: Type.Union([PlatformCertificate, Type.Null()]),
    database: Type.Object({
      kind: Type.Enum(['embedded', 'external']),
      version: Type.String(),
      sizeBytes: Type.Integer(),
    }),
    parts: Type.Array(
      Type.Object({
        name: Type.String(),
        pid: Type.Union([Type.Integer(), Type.Null()]),
        state: State,
        reason: Type.String(),
        memoryBytes: Type.Union([Type.Integer(), Type.Null()]),
        address: Type.Union([Type.String(), Type.Null()]),
      }),
    ),
    modules: Type.Array(
      Type.Object({ name: Type.String(), target: Type.String(), ready: Type.Boolean() }),
    ),
    storage: Type.Array(Type.Object({ name: Type.String(), bytes: Type.Integer() })),
    engine: Type.Union([
      Type.Object({ version: Type.String(), apiVersion: Type.String() }),
      Type.Null(),
    ]),
  },
  { $id: 'System' },
)
export type System = Static<typeof System>

export const systemEndpoints = {
  getTimeline: endpoint({
    method: 'GET',
    path: '/api/v1/timeline',
    permission: 'services:read',
    on: 'listed',
    summary: 'What happened, newest first',
    query: Type.Object({ ...InStack.properties, cursor, limit: limit(500, 50) }),
    response: page(TimelineEntry),
  }),
  getSystem: endpoint({
    method: 'GET',
    path: '/api/v1/system',
    permission: 'system:read',
    summary: "Keelson's own parts, versions and storage",
    response: System,
  }),
  stopSystem: endpoint({
    method: 'POST',
    path: '/api/v1/system/stop',
    permission: 'system:stop',
    summary: 'Stop every stack and Keelson itself, leaving nothing behind',
    query: Type.Object({
      /** Leaves the stacks running; the next start adopts them. */
      keepStacks: Type.Optional(Type.Boolean()),
    }),
    response: null,
  }),
} as const
