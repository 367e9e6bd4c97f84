import type { StackObservation } from '@keelson/contract'
import type { RunningEvidence } from '@keelson/gaps'

/** What somebody saw running, as the rules take it: what was not seen is undefined. */
export const evidenceOf = (seen: StackObservation): RunningEvidence => ({
  ...{ at: seen.at, requests: seen.requests, scrapes: seen.scrapes },
  instances: seen.instances.map((one) => ({
    ...{ service: one.service, name: one.name, isRunning: one.isRunning, isHealthy: one.isHealthy },
    ...{ isDone: one.isDone, reason: one.reason, listens: one.listens },
  })),
  strangers: seen.strangers.map(({ name, image }) => ({ name, image })),
  listeners: seen.listeners.map(({ port, protocol, owner }) => ({ port, protocol, owner })),
  notApplied: seen.notApplied.map(({ service, file, what }) => ({ service, file, what })),
})
