import { Type, type Static } from 'typebox'
import { Origin } from './problem.ts'
import type { Permission } from './permissions.ts'
import { Category, DependencySpec, ProbeSpec, RouteSpec, RuntimeKind } from './stack.ts'

/**
 * State of a service or instance, worst last. `unknown` means that the prober itself is cut off:
 * the last verdict is too old to be repeated.
 */
export const states = [
  'healthy',
  'starting',
  'stopped',
  'unknown',
  'degraded',
  'unhealthy',
] as const
export const State = Type.Enum([...states])
export type State = (typeof states)[number]

/** Where the supervisor is with an instance: its own view, beside what the probes say. */
export const phases = [
  'waiting', // for a dependency
  'starting', // being created
  'running',
  'stopping',
  'backoff', // ended; the next start is timed
  'completed', // a job that ended with 0
  'stopped', // asked to stop
  'failed', // ended, and will not be started again by itself
] as const
export const Phase = Type.Enum([...phases])
export type Phase = (typeof phases)[number]

export const BoundPort = Type.Object(
  {
    target: Type.Integer(),
    host: Type.String(),
    port: Type.Integer(),
    protocol: Type.Enum(['tcp', 'udp']),
  },
  { $id: 'BoundPort' },
)
export type BoundPort = Static<typeof BoundPort>

const since = Type.String({ format: 'date-time' })
const nullableTime = Type.Union([Type.String({ format: 'date-time' }), Type.Null()])

export const Instance = Type.Object(
  {
    name: Type.String({ description: '<stack>-<service>-<number>, as Docker Compose names it' }),
    service: Type.String(),
    stack: Type.String(),
    index: Type.Integer(),
    runtime: RuntimeKind,
    phase: Phase,
    state: State,
    reason: Type.String(),
    since,
    pid: Type.Union([Type.Integer(), Type.Null()]),
    containerId: Type.Union([Type.String(), Type.Null()]),
    ports: Type.Array(BoundPort),
    startedAt: nullableTime,
    /** Starts beyond the first since the service was applied. */
    restarts: Type.Integer(),
    exitCode: Type.Union([Type.Integer(), Type.Null()]),
    latencyMs: Type.Union([Type.Number(), Type.Null()]),
    nextStartAt: nullableTime,
  },
  { $id: 'Instance' },
)
export type Instance = Static<typeof Instance>

/** What led to a state: another service, or an event of the timeline. */
export const Cause = Type.Object(
  {
    kind: Type.Enum(['service', 'event']),
    service: Type.Optional(Type.String({ description: '<stack>/<service>' })),
    text: Type.String(),
    at: Type.Optional(Type.String({ format: 'date-time' })),
  },
  { $id: 'Cause' },
)
export type Cause = Static<typeof Cause>

/** What somebody may do with a service besides reading it. */
export const serviceRights = [
  'services:restart',
  'services:write',
  'services:exec',
] as const satisfies Permission[]

export const ServiceSummary = Type.Object(
  {
    id: Type.String({ description: '<stack>/<service>' }),
    name: Type.String(),
    stack: Type.String(),
    description: Type.Optional(Type.String()),
    owner: Type.Optional(Type.String()),
    category: Category,
    runtime: RuntimeKind,
    builtIn: Type.Boolean(),
    state: State,
    reason: Type.String(),
    since,
    cause: Type.Union([Cause, Type.Null()]),
    latencyMs: Type.Union([Type.Number(), Type.Null()]),
    instancesHealthy: Type.Integer(),
    instancesWanted: Type.Integer(),
    restarts: Type.Integer(),
    dependsOn: Type.Array(Type.String({ description: '<stack>/<service>' })),
    routes: Type.Array(Type.String({ description: 'Host and path at the gateway' })),
    may: Type.Array(Type.Enum([...serviceRights]), {
      description: 'What whoever asks may do with this service',
    }),
  },
  { $id: 'ServiceSummary' },
)
export type ServiceSummary = Static<typeof ServiceSummary>

export const EnvironmentEntry = Type.Object(
  {
    name: Type.String(),
    /** Null when it looks like a secret; it is masked, never sent. */
    value: Type.Union([Type.String(), Type.Null()]),
    secret: Type.Boolean(),
    origins: Type.Array(Origin),
    /** Set by Keelson itself, not by a file. */
    injected: Type.Boolean(),
  },
  { $id: 'EnvironmentEntry' },
)
export type EnvironmentEntry = Static<typeof EnvironmentEntry>

export const ServiceDetail = Type.Object(
  {
    ...ServiceSummary.properties,
    instances: Type.Array(Instance),
    environment: Type.Array(EnvironmentEntry),
    command: Type.Array(Type.String()),
    image: Type.Union([Type.String(), Type.Null()]),
    workingDir: Type.Union([Type.String(), Type.Null()]),
    probe: Type.Union([ProbeSpec, Type.Null()]),
    dependencies: Type.Array(DependencySpec),
    dependents: Type.Array(Type.String({ description: '<stack>/<service>' })),
    routing: Type.Array(RouteSpec),
    origin: Type.Union([Origin, Type.Null()]),
    canRestart: Type.Boolean({
      description: 'Whether it can be restarted at all; `may` tells whether by whoever asks',
    }),
  },
  { $id: 'ServiceDetail' },
)
export type ServiceDetail = Static<typeof ServiceDetail>

/** A stretch of time in one state, oldest first: what the health bar draws. */
export const HealthSpan = Type.Object(
  {
    state: State,
    reason: Type.String(),
    from: Type.String({ format: 'date-time' }),
    to: Type.String({ format: 'date-time' }),
  },
  { $id: 'HealthSpan' },
)
export type HealthSpan = Static<typeof HealthSpan>

/** Body of `GET /api/v1/services/status` and of `keelson status --json`. */
export const ServicesStatus = Type.Object(
  {
    total_services: Type.Integer(),
    healthy_services: Type.Integer(),
    services: Type.Record(
      Type.String({ description: 'Category' }),
      Type.Array(
        Type.Object({
          name: Type.String(),
          stack: Type.String(),
          status: State,
          reason: Type.String(),
          since,
          latency_ms: Type.Union([Type.Number(), Type.Null()]),
          instances: Type.Integer({ description: 'Instances that are healthy now' }),
        }),
      ),
    ),
    timestamp: Type.String({ format: 'date-time' }),
  },
  { $id: 'ServicesStatus' },
)
export type ServicesStatus = Static<typeof ServicesStatus>

/** One element of `keelson ps --json`. */
export const PsEntry = Type.Object(
  {
    service: Type.String(),
    stack: Type.String(),
    instance: Type.String(),
    runtime: RuntimeKind,
    pid: Type.Union([Type.Integer(), Type.Null()]),
    container_id: Type.Union([Type.String(), Type.Null()]),
    state: Phase,
    health: State,
    reason: Type.String({ description: 'Why it is in this state, and empty when all is well' }),
    restarts: Type.Integer(),
    /** Of the life it leads, or that has ended; null before the first. Another one is another life. */
    started_at: nullableTime,
    ports: Type.Array(BoundPort),
  },
  { $id: 'PsEntry' },
)
export type PsEntry = Static<typeof PsEntry>

export const LogLine = Type.Object(
  {
    /** Opaque place of the line in its instance's log; pages and tails continue from it. */
    cursor: Type.String(),
    at: Type.String({ format: 'date-time' }),
    instance: Type.String(),
    stream: Type.Enum(['stdout', 'stderr', 'keelson']),
    text: Type.String(),
  },
  { $id: 'LogLine' },
)
export type LogLine = Static<typeof LogLine>

export const LogPage = Type.Object(
  {
    items: Type.Array(LogLine),
    /** Cursor for older lines; null at the oldest line that is kept. */
    previousCursor: Type.Union([Type.String(), Type.Null()]),
    /** Cursor to tail from. */
    nextCursor: Type.Union([Type.String(), Type.Null()]),
  },
  { $id: 'LogPage' },
)
export type LogPage = Static<typeof LogPage>

/** A reason without the moment of the next start, which is `nextStartAt` and soon over. */
export const withoutNextStart = (reason: string): string =>
  reason.replace(/;?\s*next start in [\d.]+ s$/, '')
