import type { ServiceSummary } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { usageError } from '../failure.ts'
import { getRunning } from '../platform.ts'
import { findPlace, serviceCall } from '../scope.ts'
import { untilSettled } from '../settle.ts'
import { count } from '../text.ts'

export type ScaleOptions = { wait: boolean; waitTimeout: number }

const replicasMax = 100

/** Other numbers of instances, until the stack is applied with numbers of its own. */
export const scale = async (
  context: Context,
  { wait, waitTimeout }: ScaleOptions,
  assignments: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const wanted = assignments.map(readAssignment)
  const platform = await getRunning(context)
  const names = wanted.map(({ name }) => name)
  const stack = await findPlace(context, platform, names)
  const scaled: ServiceSummary[] = []
  for (const { name, replicas } of wanted) {
    const call = serviceCall(name, stack)
    let service = await platform.call('scaleService', { ...call, body: { replicas } })
    output.message(`${service.id}: ${count(replicas, 'instance')} …`)
    if (wait) {
      const isDone = (instances: readonly unknown[]) => instances.length === replicas
      const after = `after it was scaled to ${replicas}`
      const waitTimeoutSeconds = waitTimeout
      service = await untilSettled({ platform, service, waitTimeoutSeconds, isDone, after })
    }
    scaled.push(service)
  }
  if (shared.json) output.data(JSON.stringify(scaled, null, 2))
  return exitCodes.ok
}

const readAssignment = (text: string) => {
  const [, name, digits] = /^([^=]+)=(\d+)$/.exec(text) ?? []
  const replicas = Number(digits)
  if (name !== undefined && replicas <= replicasMax) return { name, replicas }
  if (name !== undefined) {
    throw usageError(
      `${name} cannot have ${digits} instances: a service has at most ${replicasMax}`,
      `keelson scale ${name}=${replicasMax}`,
    )
  }
  throw usageError(
    `${text} is not <service>=<number>`,
    `keelson scale api=3 (at most ${replicasMax})`,
  )
}
