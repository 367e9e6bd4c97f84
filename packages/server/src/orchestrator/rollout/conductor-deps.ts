import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import type { Registry } from '../../registry/index.ts'
import type { LogStore } from '../logs/index.ts'
import type { Keeping } from '../keeper/keeping.ts'
import type { KnownStacks } from '../known-stacks.ts'
import type { Places } from '../places.ts'
import type { Drain } from './drain.ts'
import type { EditionDeps } from './editions.ts'
import type { Look } from './look.ts'
import type { Surroundings } from './surroundings.ts'

/** What a conductor and its parts need of the world around them. */
export type ConductorDeps = EditionDeps & {
  stacks: KnownStacks
  places: Places
  keeping: Keeping
  registry: Registry
  look: Look
  surroundings: Surroundings
  drain: () => Drain
  /** Instances of a service have other addresses now. */
  onMoved: (id: ConductorId) => void
  /** What instances wrote: the last of it is why an update did not succeed. */
  logs?: Pick<LogStore, 'page'>
  clock: Clock
  log: Log
}

export type ConductorId = { stack: string; service: string }
