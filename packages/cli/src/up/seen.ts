import type { StackSpec } from '@keelson/contract'
import type { Platform } from '../platform.ts'
import type { Reporter } from '../progress/reporter.ts'
import { findStackState } from '../scope.ts'
import { count } from '../text.ts'

/** What can be followed of a stack: services that may not be read come up unseen. */
export const seenOf = async (
  spec: StackSpec,
  { platform, reporter }: { platform: Platform; reporter: Pick<Reporter, 'warn'> },
): Promise<StackSpec> => {
  const state = await findStackState(platform, spec.name)
  if (state?.stack.hidden === undefined) return spec
  const names = new Set(state.services.map(({ summary }) => summary.name))
  const services = spec.services.filter(({ name }) => names.has(name))
  const hidden = spec.services.length - services.length
  if (hidden > 0)
    reporter.warn(`${count(hidden, 'service')} not yours to see: their start is not waited for`)
  return { ...spec, services }
}
