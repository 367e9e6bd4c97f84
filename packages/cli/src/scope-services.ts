import type { StackState } from '@keelson/contract'
import type { Context } from './context.ts'
import type { Platform } from './platform.ts'
import { findPlace, requireStack, serviceCall } from './scope.ts'

export type ServiceCall = ReturnType<typeof serviceCall>

/** The services a command names; without a name all of the stack, after what they depend on. */
export const requireServices = async (
  context: Context,
  platform: Platform,
  names: readonly string[],
): Promise<ServiceCall[]> => {
  if (names.length > 0) {
    const stack = await findPlace(context, platform, names)
    return names.map((name) => serviceCall(name, stack))
  }
  const stack = await requireStack(context, platform)
  const state = await platform.call('getStackState', { params: { stack: stack.name } })
  return inStartOrder(state).map((name) => serviceCall(name, stack))
}

/** Names of services, each after those it depends on. */
export const inStartOrder = ({ services }: Pick<StackState, 'services'>): string[] => {
  const byId = new Map(services.map(({ summary }) => [summary.id, summary]))
  const ordered = new Set<string>()
  const visited = new Set<string>()
  const visit = (id: string): void => {
    const summary = byId.get(id)
    if (summary === undefined || visited.has(id)) return
    visited.add(id)
    summary.dependsOn.forEach(visit)
    ordered.add(summary.name)
  }
  services.forEach(({ summary }) => visit(summary.id))
  return [...ordered]
}
