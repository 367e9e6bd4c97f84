import type { BoundPort, Phase, ProbeSpec, RuntimeKind } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import type { InstanceFacts } from '../../registry/index.ts'
import { nextPhase, type Happening } from './machine.ts'
import type { ObservedInstance } from '../runtime.ts'

type StandingDeps = {
  id: { name: string; serviceId: string; index: number }
  runtime: RuntimeKind
  clock: Clock
  publish: (facts: InstanceFacts) => void
  /** The part of the facts that others know better. */
  facts: () => {
    observed: ObservedInstance | null
    plannedPorts: readonly BoundPort[]
    probe: ProbeSpec | null | undefined
    wanted: boolean
    interrupted: boolean
    restarts: number
    nextStartAt: Date | null
  }
  troubled: boolean
}

/** As somebody wanted it: it is told, and left so. */
const pausedReason = (name: string, { container }: ObservedInstance): string =>
  `paused from outside (docker pause); docker unpause ${container?.name ?? name} lets it go on`

/** Where an instance is, by the table in machine.ts, and what the registry is told of it. */
export const createStanding = ({ id, clock, publish, ...deps }: StandingDeps) => {
  let phase: Phase = 'stopped'
  let reason = 'not started yet'
  let phaseSince = clock.now()
  let troubled = deps.troubled
  let adopted = false
  let exitCode: number | null = null
  /** Why it is started next, or was started last. */
  let startCause = ''

  const facts = (): InstanceFacts => {
    const { observed, plannedPorts, probe, wanted, interrupted, ...more } = deps.facts()
    const { restarts, nextStartAt } = more
    const running = observed?.running === true
    return {
      ...{ name: id.name, serviceId: id.serviceId, index: id.index, runtime: deps.runtime },
      ...{ phase, phaseReason: reason, phaseSince, wanted, troubled, adopted },
      ...(troubled && interrupted ? { interrupted } : {}),
      ...(running && observed.paused === true ? { paused: pausedReason(id.name, observed) } : {}),
      ...{ exitCode, restarts, nextStartAt },
      ...(probe === undefined ? {} : { probe }),
      pid: running ? observed.pid : null,
      containerId: observed?.containerId ?? null,
      ports: running ? observed.ports : plannedPorts,
      startedAt: observed?.startedAt ?? null,
    }
  }
  const tell = (): void => publish(facts())

  const step = (happening: Happening, because: string): void => {
    phase = nextPhase(phase, happening)
    reason = because
    phaseSince = clock.now()
    tell()
  }
  const explain = (because: string): void => {
    if (reason === because) return
    reason = because
    tell()
  }

  return {
    get phase(): Phase {
      return phase
    },
    get reason(): string {
      return reason
    },
    get phaseSince(): Date {
      return phaseSince
    },
    get troubled(): boolean {
      return troubled
    },
    set troubled(value: boolean) {
      troubled = value
    },
    get startCause(): string {
      return startCause
    },
    set startCause(value: string) {
      startCause = value
    },
    set exitCode(value: number | null) {
      exitCode = value
    },
    set adopted(value: boolean) {
      adopted = value
    },

    step,
    explain,
    tell,
  }
}

export type Standing = ReturnType<typeof createStanding>
