import type { System } from '../../systems/system.ts'
import { checkCannotFail } from './check-cannot-fail.ts'
import { probeProgram } from './probe-program.ts'
import { probeTarget } from './probe-target.ts'

/** What speaks against the check of a service: waiting for it would wait for ever, or for nothing. */
export type Doubt = { rule: string; message: string }

/** By service; who waits for the health of one of these may never start. */
export const doubtsOf = (system: System): ReadonlyMap<string, Doubt> => {
  const doubts = new Map<string, Doubt>()
  for (const rule of [checkCannotFail, probeTarget, probeProgram]) {
    for (const { service, message } of rule.find(system)) {
      if (service !== undefined) doubts.set(service, { rule: rule.id, message })
    }
  }
  return doubts
}
