import type { ServiceSpec } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import type { InstanceFacts } from '../../registry/index.ts'
import type { HookEvent } from './hooks.ts'
import type { RestartRecord } from './restart-memory.ts'
import type { Runtime } from '../runtime.ts'
import type { InstanceWish } from './wish.ts'

/** What it tells the timeline. */
export type KeeperEvent =
  | { kind: 'starting'; cause: string }
  | { kind: 'started'; pid: number | null; containerId: string | null }
  | { kind: 'adopted'; reason: string }
  | { kind: 'exited'; exitCode: number | null; signal: string | null; reason: string }
  | { kind: 'interrupted'; how: string }
  | { kind: 'restart_scheduled'; delayMs: number; attempt: number; reason: string }
  | { kind: 'stopping'; cause: string }
  | { kind: 'stopped'; cause: string }
  | { kind: 'failed'; reason: string }
  | HookEvent

/** What a keeper needs of the world around it. */
export type KeeperDeps = {
  id: { stack: string; service: string; name: string; index: number; serviceId: string }
  runtime: Runtime
  clock: Clock
  newId: () => string
  random: () => number
  /** What every start has to wait for: who had its name or its port before. Null when nothing. */
  heldUp: (wish: InstanceWish) => string | null
  /** What it still has to wait for before its first start; null when nothing. */
  blockedBy: (spec: ServiceSpec) => string | null
  /** A dependency that it needs and that is down; null when all are there. */
  lostDependency: (spec: ServiceSpec) => string | null
  /**
   * Just before a start; returns the wish, with other ports where a stranger has come in between.
   * Throws AppError when it could not start now: a fixed port that is taken.
   */
  checkStart: (wish: InstanceWish) => Promise<InstanceWish>
  /** See hooks.ts. */
  oncePerEdition: (digest: string, work: () => Promise<void>) => Promise<void>
  publish: (facts: InstanceFacts) => void
  announce: (event: KeeperEvent) => void
  record: RestartRecord
  saveRecord: (record: RestartRecord) => void
  /** Stopped from outside and left so: why. */
  held: string | null
  saveHeld: (held: string | null) => void
  /** As it was when Keelson last looked: an outage outlives a restart of Keelson. */
  troubled: boolean
}
