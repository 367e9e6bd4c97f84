import type { UpdateSpec } from '@keelson/contract'
import type { Service } from '@keelson/compose'
import { defined } from '../defined.ts'

type Deploy = NonNullable<Service['deploy']>
type UpdateConfig = NonNullable<Deploy['updateConfig']>

/** How long Swarm watches an exchanged instance when the file names no `monitor`. */
const monitorMs = 5000

/** `deploy.update_config` and `x-keelson.update`; undefined when the file says neither. */
export const updateSpecOf = ({ deploy, xKeelson }: Service): UpdateSpec | undefined => {
  const strategy = xKeelson.update
  if (deploy?.updateConfig === undefined && strategy === undefined) return undefined
  return configOf(deploy?.updateConfig ?? {}, strategy ?? 'rolling')
}

/** `deploy.rollback_config`: a way back is never blue-green, the old ones are known to run. */
export const rollbackSpecOf = ({ deploy }: Service): UpdateSpec | undefined =>
  deploy?.rollbackConfig === undefined ? undefined : configOf(deploy.rollbackConfig, 'rolling')

const configOf = (given: UpdateConfig, strategy: UpdateSpec['strategy']): UpdateSpec => ({
  strategy,
  parallelism: given.parallelism ?? 1,
  delayMs: given.delayMs ?? 0,
  failureAction: failureActionOf(given.failureAction),
  monitorMs: given.monitorMs ?? monitorMs,
  maxFailureRatio: given.maxFailureRatio ?? 0,
  ...defined({ order: given.order }),
})

const failureActionOf = (text: string | undefined): UpdateSpec['failureAction'] =>
  text === 'continue' || text === 'rollback' ? text : 'pause'
