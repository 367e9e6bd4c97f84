import type { RuntimeKind } from '@keelson/contract'
import type { Health } from '../../health/index.ts'
import type { Registry } from '../../registry/index.ts'
import type { Keeper } from './keeper.ts'
import { withoutSecrets } from '../plan/environment.ts'
import type { Runtime } from '../runtime.ts'

type SignalDeps = {
  keepers: ReadonlyMap<string, Keeper>
  runtimes: Record<RuntimeKind, Runtime>
  registry: Registry
  health: Health
  /** Restarts an instance if its checks fail. */
  heal: (instance: string) => void
  /** Something about a service has changed that an update of it may wait for. */
  look: (serviceId: string) => void
}

/** Tells keepers what happens around them: ends, verdicts, changes of what they may wait for. */
export const relaySignals = (deps: SignalDeps): void => {
  const { keepers, runtimes, registry, health, heal } = deps
  const lookAround = (): void => {
    for (const keeper of keepers.values()) keeper.look()
  }
  for (const runtime of Object.values(runtimes)) {
    runtime.watch((found) => keepers.get(found.name)?.sawChange(found))
  }
  health.useExec(async (name, command, limits) => {
    const keeper = keepers.get(name)
    const observed = keeper?.observed
    if (keeper === undefined || observed === null || observed === undefined) {
      throw new Error('the instance does not run')
    }
    const result = await runtimes[keeper.runtimeKind].exec(observed, command, limits)
    // Its output becomes the reason of a state, which is read without signing in.
    const environment = keeper.goal.kind === 'run' ? keeper.goal.wish.environment : {}
    return { ...result, output: withoutSecrets(result.output, environment) }
  })
  health.onInstance((instance, verdict) => {
    if (verdict.state === 'healthy') keepers.get(instance.name)?.sawHealthy()
    heal(instance.name)
    lookAround()
    deps.look(instance.serviceId)
  })
  registry.onChange((change) => {
    if (change.kind === 'instance' && change.before?.phase === change.instance.phase) return
    lookAround()
    if (change.kind === 'instance') deps.look(change.instance.serviceId)
  })
}
