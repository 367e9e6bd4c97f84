import { Type, type Static } from 'typebox'
import { State } from './service.ts'
import { driftKinds, rolloutPhases } from './stack.ts'

/**
 * The closed list of events. Each says what happened, in the past tense, and `describeEvent` turns
 * it into the one sentence that timeline, `keelson why` and the map show.
 */

const nullableInteger = Type.Union([Type.Integer(), Type.Null()])
const instance = { instance: Type.String(), service: Type.String(), stack: Type.String() }
const service = { service: Type.String(), stack: Type.String() }
const canaryEnd = { service: Type.String(), canary: Type.String(), reason: Type.String() }

export const eventSchemas = {
  'system.started': Type.Object({ version: Type.String(), target: Type.String() }),
  /** Everybody who sees a timeline sees it. */
  'access.emergency_granted': Type.Object({
    by: Type.String(),
    role: Type.String(),
    until: Type.String(),
    reason: Type.String(),
  }),
  'system.recovered': Type.Object({ what: Type.String(), reason: Type.String() }),
  'stack.applied': Type.Object({
    stack: Type.String(),
    revision: Type.Integer(),
    actions: Type.Integer(),
  }),
  'stack.removed': Type.Object({
    stack: Type.String(),
    /** Networks and volumes that others still use. */
    left: Type.Optional(Type.Array(Type.String())),
  }),
  'action.failed': Type.Object({
    stack: Type.String(),
    service: Type.Optional(Type.String()),
    action: Type.String(),
    subject: Type.String(),
    reason: Type.String(),
  }),
  'instance.starting': Type.Object({ ...instance, cause: Type.String() }),
  'instance.started': Type.Object({
    ...instance,
    pid: nullableInteger,
    containerId: Type.Union([Type.String(), Type.Null()]),
  }),
  'instance.adopted': Type.Object({ ...instance, reason: Type.String() }),
  'instance.exited': Type.Object({
    ...instance,
    exitCode: nullableInteger,
    signal: Type.Union([Type.String(), Type.Null()]),
    reason: Type.String(),
  }),
  'instance.restart_scheduled': Type.Object({
    ...instance,
    delayMs: Type.Integer(),
    attempt: Type.Integer(),
    reason: Type.String(),
  }),
  'instance.stopping': Type.Object({ ...instance, cause: Type.String() }),
  'instance.stopped': Type.Object({ ...instance, cause: Type.String() }),
  'instance.failed': Type.Object({ ...instance, reason: Type.String() }),
  'instance.state_changed': Type.Object({
    ...instance,
    from: State,
    to: State,
    reason: Type.String(),
  }),
  'service.state_changed': Type.Object({
    ...service,
    from: State,
    to: State,
    reason: Type.String(),
    /** '<stack>/<service>' of the dependency that led to it. */
    causedBy: Type.Optional(Type.String()),
  }),
  'service.restart_requested': Type.Object({ ...service, by: Type.String() }),
  'service.start_requested': Type.Object({ ...service, by: Type.String() }),
  'service.stop_requested': Type.Object({ ...service, by: Type.String() }),
  'service.scaled': Type.Object({ ...service, replicas: Type.Integer(), by: Type.String() }),
  /** Many restarts by ourselves in a short time are one incident, not many. */
  'service.storm_started': Type.Object({
    ...service,
    restarts: Type.Integer(),
    cause: Type.String(),
  }),
  'service.storm_ended': Type.Object({ ...service, restarts: Type.Integer() }),
  'instance.interrupted': Type.Object({ ...instance, how: Type.String() }),
  'hook.ended': Type.Object({
    ...instance,
    hook: Type.Enum(['pre_start', 'post_start', 'pre_stop']),
    exitCode: nullableInteger,
    reason: Type.String(),
  }),
  'rollout.started': Type.Object({
    ...service,
    strategy: Type.String(),
    instances: Type.Integer(),
    cause: Type.String(),
  }),
  'rollout.advanced': Type.Object({
    ...service,
    done: Type.Integer(),
    total: Type.Integer(),
    text: Type.String(),
  }),
  'rollout.ended': Type.Object({
    ...service,
    phase: Type.Enum([...rolloutPhases]),
    text: Type.String(),
  }),
  'stack.drifted': Type.Object({
    stack: Type.String(),
    service: Type.Optional(Type.String()),
    kind: Type.Enum([...driftKinds]),
    text: Type.String(),
  }),
  'stack.mended': Type.Object({
    stack: Type.String(),
    service: Type.Optional(Type.String()),
    kind: Type.Enum([...driftKinds]),
    text: Type.String(),
  }),
  /** The findings of a stack are other ones than before; accepted ones do not count. */
  'gaps.changed': Type.Object({
    stack: Type.String(),
    appeared: Type.Integer(),
    closed: Type.Integer(),
    errors: Type.Integer(),
    warnings: Type.Integer(),
    /** The gravest that appeared, or that was closed when none appeared. */
    first: Type.String(),
  }),
  'gap.accepted': Type.Object({
    stack: Type.String(),
    fingerprint: Type.String(),
    message: Type.String(),
    reason: Type.String(),
    by: Type.String(),
  }),
  /** The configuration that the API manages is another one; files have events of their stack. */
  'gateway.configured': Type.Object({
    revision: Type.Integer(),
    /** `2 routes created, 1 plugin updated` */
    text: Type.String(),
    note: Type.Optional(Type.String()),
  }),
  /** How a canary of the gateway ended; `canary` is the service that got its requests. */
  'gateway.canary_promoted': Type.Object(canaryEnd),
  'gateway.canary_rolled_back': Type.Object(canaryEnd),
  'gap.acceptance_withdrawn': Type.Object({
    stack: Type.String(),
    fingerprint: Type.String(),
    message: Type.String(),
    by: Type.String(),
  }),
} as const

export type EventType = keyof typeof eventSchemas
export type EventPayload<T extends EventType> = Static<(typeof eventSchemas)[T]>
export type AnyEvent = { [T in EventType]: { type: T; payload: EventPayload<T> } }[EventType]

export const severities = ['info', 'good', 'warning', 'bad'] as const
export const Severity = Type.Enum([...severities])
export type Severity = (typeof severities)[number]

export const TimelineEntry = Type.Object(
  {
    position: Type.String({ description: 'Place in the log; grows, and can be paged by' }),
    at: Type.String({ format: 'date-time' }),
    type: Type.String(),
    subject: Type.String({ description: '<stack>/<service>, <stack> or system' }),
    severity: Severity,
    text: Type.String(),
    instance: Type.Optional(Type.String()),
    actor: Type.Optional(Type.String()),
  },
  { $id: 'TimelineEntry' },
)
export type TimelineEntry = Static<typeof TimelineEntry>

const severityOfState: Record<State, Severity> = {
  healthy: 'good',
  starting: 'info',
  stopped: 'info',
  unknown: 'warning',
  degraded: 'warning',
  unhealthy: 'bad',
}

const because = (reason: string): string => (reason === '' ? '' : `: ${reason}`)

const leftOf = (left: readonly string[] = []): string =>
  left.length === 0 ? '' : `; left, because others use them: ${left.join(', ')}`

/** One sentence and its severity, from what happened alone. */
export const describeEvent = (event: AnyEvent): { text: string; severity: Severity } => {
  switch (event.type) {
    case 'system.started':
      return info(`Keelson ${event.payload.version} started (${event.payload.target})`)
    case 'access.emergency_granted':
      return warning(
        `${event.payload.by} broke the glass and is ${event.payload.role} until ${event.payload.until}${because(event.payload.reason)}`,
      )
    case 'system.recovered':
      return {
        text: `${event.payload.what} recovered${because(event.payload.reason)}`,
        severity: 'warning',
      }
    case 'stack.applied':
      return info(
        `Applied revision ${event.payload.revision} with ${count(event.payload.actions, 'action')}`,
      )
    case 'stack.removed':
      return info(`Removed the stack ${event.payload.stack}${leftOf(event.payload.left)}`)
    case 'action.failed':
      return bad(
        `Could not ${event.payload.action.replaceAll('_', ' ')} ${event.payload.subject}${because(event.payload.reason)}`,
      )
    case 'instance.starting':
      return info(`Starting ${event.payload.instance}${because(event.payload.cause)}`)
    case 'instance.started':
      return info(`${event.payload.instance} is running${runningAs(event.payload)}`)
    case 'instance.adopted':
      return info(
        `${event.payload.instance} was running already and is supervised again${because(event.payload.reason)}`,
      )
    case 'instance.exited':
      return bad(`${event.payload.instance} ended${because(event.payload.reason)}`)
    case 'instance.restart_scheduled':
      return {
        text: `${event.payload.instance} starts again in ${seconds(event.payload.delayMs)} (attempt ${event.payload.attempt})${because(event.payload.reason)}`,
        severity: 'warning',
      }
    case 'instance.stopping':
      return info(`Stopping ${event.payload.instance}${because(event.payload.cause)}`)
    case 'instance.stopped':
      return info(`${event.payload.instance} stopped${because(event.payload.cause)}`)
    case 'instance.failed':
      return bad(`${event.payload.instance} is given up${because(event.payload.reason)}`)
    case 'instance.state_changed':
      return {
        text: `${event.payload.instance} is ${event.payload.to}${because(event.payload.reason)}`,
        severity: severityOfState[event.payload.to],
      }
    case 'service.state_changed':
      return {
        text: `${event.payload.service} is ${event.payload.to}${because(event.payload.reason)}`,
        severity: severityOfState[event.payload.to],
      }
    case 'service.restart_requested':
      return info(`Restart of ${event.payload.service} asked for by ${event.payload.by}`)
    case 'service.start_requested':
      return info(`Start of ${event.payload.service} asked for by ${event.payload.by}`)
    case 'service.stop_requested':
      return info(`Stop of ${event.payload.service} asked for by ${event.payload.by}`)
    case 'service.scaled':
      return info(
        `${event.payload.service} scaled to ${count(event.payload.replicas, 'instance')} by ${event.payload.by}`,
      )
    case 'service.storm_started':
      return bad(
        `${event.payload.service} restarts again and again (${count(event.payload.restarts, 'time')})${because(event.payload.cause)}`,
      )
    case 'service.storm_ended':
      return good(
        `${event.payload.service} stays up again after ${count(event.payload.restarts, 'restart')}`,
      )
    case 'instance.interrupted':
      return warning(`${event.payload.instance} was ended from outside: ${event.payload.how}`)
    case 'hook.ended':
      return describeHook(event.payload)
    case 'rollout.started':
      return info(
        `Updating ${event.payload.service} (${event.payload.strategy}, ${count(event.payload.instances, 'instance')})${because(event.payload.cause)}`,
      )
    case 'rollout.advanced':
      return info(
        `${event.payload.service}: ${event.payload.done} of ${event.payload.total} updated${because(event.payload.text)}`,
      )
    case 'rollout.ended':
      return {
        text: `Update of ${event.payload.service} ${event.payload.phase.replace('_', ' ')}${because(event.payload.text)}`,
        severity: severityOfRollout[event.payload.phase],
      }
    case 'stack.drifted':
      return warning(`Not as applied${because(event.payload.text)}`)
    case 'stack.mended':
      return good(`As applied again${because(event.payload.text)}`)
    case 'gaps.changed':
      return describeGaps(event.payload)
    case 'gap.accepted':
      return info(
        `Gap accepted by ${event.payload.by}: ${event.payload.message}${because(event.payload.reason)}`,
      )
    case 'gateway.configured':
      return info(
        `Gateway configuration revision ${event.payload.revision}: ${event.payload.text}${because(event.payload.note ?? '')}`,
      )
    case 'gateway.canary_promoted':
      return good(
        `${event.payload.canary} takes all requests of ${event.payload.service}${because(event.payload.reason)}`,
      )
    case 'gateway.canary_rolled_back':
      return bad(
        `${event.payload.canary} takes no requests of ${event.payload.service} any more${because(event.payload.reason)}`,
      )
    case 'gap.acceptance_withdrawn':
      return info(`Gap counts again, by ${event.payload.by}: ${event.payload.message}`)
  }
}

const describeGaps = ({ appeared, closed, errors, first }: EventPayload<'gaps.changed'>) => {
  if (appeared === 0) return good(`${count(closed, 'gap')} closed: ${first}`)
  const text = `${count(appeared, 'new gap')}${closed === 0 ? '' : `, ${closed} closed`}: ${first}`
  return errors === 0 ? info(text) : warning(text)
}

const describeHook = ({ instance, hook, exitCode, reason }: EventPayload<'hook.ended'>) => {
  const name = hook.replace('_', '-')
  return exitCode === 0
    ? info(`${name} hook of ${instance} succeeded`)
    : bad(`${name} hook of ${instance} failed${because(reason)}`)
}

const severityOfRollout: Record<(typeof rolloutPhases)[number], Severity> = {
  running: 'info',
  completed: 'good',
  switched: 'good',
  rolling_back: 'warning',
  rolled_back: 'warning',
  paused: 'bad',
}

const info = (text: string) => ({ text, severity: 'info' as const })
const good = (text: string) => ({ text, severity: 'good' as const })
const warning = (text: string) => ({ text, severity: 'warning' as const })
const bad = (text: string) => ({ text, severity: 'bad' as const })
const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
const runningAs = ({ pid, containerId }: { pid: number | null; containerId: string | null }) => {
  if (containerId !== null) return ` (container ${containerId.slice(0, 12)})`
  return pid === null ? '' : ` (pid ${pid})`
}
