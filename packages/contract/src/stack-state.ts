import { Type, type Static } from 'typebox'
import { Origin } from './problem.ts'
import { Instance, ServiceSummary } from './service.ts'
import { dependencyConditions, Drift, Rollout, Stack } from './stack.ts'

/*
 * What the stack page and `keelson status` show of a stack: the file beside what runs, how it came
 * up, and what it takes.
 */

const time = Type.String({ format: 'date-time' })
const nullableTime = Type.Union([time, Type.Null()])
const nullableText = Type.Union([Type.String(), Type.Null()])
const nullableNumber = Type.Union([Type.Number(), Type.Null()])

/** One thing the file says of a service, beside what runs. Secrets are null on both sides. */
export const DeclaredFact = Type.Object(
  {
    /** Inside the service as in `environment.DB_URL`, `image`, `replicas`. */
    path: Type.String(),
    declared: nullableText,
    running: nullableText,
    differs: Type.Boolean(),
    secret: Type.Boolean(),
    origin: Type.Optional(Origin),
  },
  { $id: 'DeclaredFact' },
)
export type DeclaredFact = Static<typeof DeclaredFact>

export const PlacedInstance = Type.Object(
  {
    ...Instance.properties,
    /** Revision of the stack this instance was started from; null when it was adopted unseen. */
    revision: Type.Union([Type.Integer(), Type.Null()]),
    /** It runs another definition than the one that is applied. */
    outdated: Type.Boolean(),
    /** On its way out: no new requests are sent to it. */
    draining: Type.Boolean(),
    /** Of blue-green, runs beside those that serve: a new one before the switch, an old one after. */
    standby: Type.Boolean(),
  },
  { $id: 'PlacedInstance' },
)
export type PlacedInstance = Static<typeof PlacedInstance>

export const StackServiceState = Type.Object(
  {
    summary: ServiceSummary,
    /** Asked for by the file, and by `keelson scale` where that is another number. */
    replicas: Type.Object({ declared: Type.Integer(), wanted: Type.Integer() }),
    /** Stopped by `keelson stop`, until `start` or `up`. */
    stoppedBy: Type.Union([Type.String(), Type.Null()]),
    facts: Type.Array(DeclaredFact),
    instances: Type.Array(PlacedInstance),
    origin: Type.Union([Origin, Type.Null()]),
  },
  { $id: 'StackServiceState' },
)
export type StackServiceState = Static<typeof StackServiceState>

export const StackState = Type.Object(
  {
    stack: Stack,
    services: Type.Array(StackServiceState),
    drift: Type.Array(Drift),
    /** Under way, and the last one of each service. */
    rollouts: Type.Array(Rollout),
    checkedAt: time,
  },
  { $id: 'StackState' },
)
export type StackState = Static<typeof StackState>

/** The last start of a stack: who waited for whom, and what made it take so long. */
export const StartTimeline = Type.Object(
  {
    stack: Type.String(),
    startedAt: time,
    /** Null while something still starts. */
    endedAt: nullableTime,
    spans: Type.Array(
      Type.Object({
        instance: Type.String(),
        service: Type.String(),
        from: time,
        waits: Type.Array(
          Type.Object({
            service: Type.String(),
            condition: Type.Enum([...dependencyConditions]),
            to: nullableTime,
          }),
        ),
        startedAt: nullableTime,
        /** Healthy, or completed. */
        readyAt: nullableTime,
        /** Why it is not ready, when it failed. */
        failure: nullableText,
      }),
    ),
    /** Services of the longest chain, first to last; cutting any of them shortens the start. */
    criticalPath: Type.Array(Type.String()),
  },
  { $id: 'StartTimeline' },
)
export type StartTimeline = Static<typeof StartTimeline>

export const InstanceUsage = Type.Object(
  {
    instance: Type.String(),
    service: Type.String(),
    /** Cores in use since the look before: 0.5 is half of one. Null at the first look. */
    cpuCores: nullableNumber,
    memoryBytes: nullableNumber,
    memoryLimitBytes: nullableNumber,
    processes: nullableNumber,
  },
  { $id: 'InstanceUsage' },
)
export type InstanceUsage = Static<typeof InstanceUsage>

export const StackUsage = Type.Object(
  { at: time, instances: Type.Array(InstanceUsage) },
  { $id: 'StackUsage' },
)
export type StackUsage = Static<typeof StackUsage>

export const actionStates = ['waiting', 'running', 'done', 'failed', 'skipped'] as const
/** How an action of a plan gets on while it is applied. */
export const ActionProgress = Type.Object(
  {
    stack: Type.String(),
    id: Type.String(),
    kind: Type.String(),
    subject: Type.String(),
    service: Type.Optional(Type.String()),
    state: Type.Enum([...actionStates]),
    /** `pulling 3 of 7 layers, 41 MB of 120 MB`; the last line of a build. */
    text: Type.String(),
    /** 0 to 1, where it is known. */
    share: nullableNumber,
  },
  { $id: 'ActionProgress' },
)
export type ActionProgress = Static<typeof ActionProgress>
