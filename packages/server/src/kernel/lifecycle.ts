import assert from 'node:assert/strict'
import type { Log } from './log.ts'

/**
 * Modules by name: what each needs, how it is made, started and stopped. From such a table come
 * start order, reverse stop order and readiness; see graph.ts for the one of Keelson.
 */
export type Module<All, K extends keyof All, N extends keyof All> = {
  /** Folder of its code, and the floor the folder is on. */
  room: string
  floor: number
  /** Targets of which it is a part. */
  targets: readonly Target[]
  needs: readonly N[]
  create(deps: Pick<All, N>): Promise<All[K]> | All[K]
  /** After everything of the target is created. */
  start?(made: All[K], deps: Pick<All, N>): Promise<void> | void
  stop?(made: All[K]): Promise<void> | void
}

export const targets = ['control', 'gateway'] as const
export type Target = (typeof targets)[number]

export type ModuleTable<All> = {
  readonly [K in keyof All]: Module<All, K, keyof All>
}

export type Running<All> = {
  modules: Partial<All>
  /** Module by module: whether it is started. */
  readiness(): Map<string, boolean>
  stop(): Promise<void>
}

/** Names of a target's modules, each after everything it needs. Asserts on a cycle or a gap. */
export const startOrder = <All>(table: ModuleTable<All>, target: Target): (keyof All)[] => {
  const order: (keyof All)[] = []
  const visiting = new Set<keyof All>()
  const visit = (name: keyof All): void => {
    if (order.includes(name)) return
    const entry = table[name]
    assert.ok(entry.targets.includes(target), `${String(name)} is needed but not part of ${target}`)
    assert.ok(!visiting.has(name), `${String(name)} needs itself`)
    visiting.add(name)
    for (const need of entry.needs) visit(need)
    visiting.delete(name)
    order.push(name)
  }
  for (const name of Object.keys(table) as (keyof All)[]) {
    if (table[name].targets.includes(target)) visit(name)
  }
  return order
}

/** Creates, then starts, everything of a target. A failure stops what was started, and throws. */
export const startTarget = async <All extends object>(
  table: ModuleTable<All>,
  target: Target,
  log: Log,
): Promise<Running<All>> => {
  const order = startOrder(table, target)
  const modules: Partial<All> = {}
  const created: (keyof All)[] = []
  const started = new Set<keyof All>()

  const stop = async (): Promise<void> => {
    for (const name of created.splice(0).reverse()) {
      started.delete(name)
      try {
        await table[name].stop?.(modules[name] as All[typeof name])
      } catch (error) {
        log.error({ module: String(name), err: error }, 'module did not stop cleanly')
      }
    }
  }

  try {
    for (const name of order) {
      modules[name] = await table[name].create(modules as All)
      created.push(name)
    }
    for (const name of order) {
      await table[name].start?.(modules[name] as All[typeof name], modules as All)
      started.add(name)
    }
  } catch (error) {
    await stop()
    throw error
  }
  return {
    modules,
    readiness: () => new Map(order.map((name) => [String(name), started.has(name)])),
    stop,
  }
}
