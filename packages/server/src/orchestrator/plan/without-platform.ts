import type { ProblemDetail, StackSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { ownStack } from '../known-stacks.ts'
import { fixedPorts } from '../ports.ts'
import { bindFaultsWithoutEngine } from '../runtime-container/bind-sources.ts'
import { routeFaults } from './route-faults.ts'
import { originOf, stackFaults, textFaults } from './stack-check.ts'
import { startChecks } from './start-check.ts'

export type OfflineChecks = {
  /** Ports that Keelson itself takes once it runs, each with what it is for. */
  ownPorts: readonly { port: number; name: string }[]
  /** False while processes of a Keelson that died may still hold the ports of this stack. */
  arePortsKnown: boolean
}

/**
 * What of a stack can be known to be wrong while no platform runs: the same checks as `preflight`
 * makes, but for other stacks and the engine, which only a running platform knows.
 */
export const faultsWithoutPlatform = async (
  stack: StackSpec,
  { ownPorts, arePortsKnown }: OfflineChecks,
): Promise<ProblemDetail[]> => {
  const faults = [
    ...nameFaults(stack),
    ...textFaults(stack),
    ...stackFaults(stack),
    ...routeFaults(stack, []),
    ...ownPortFaults(stack, ownPorts),
  ]
  // What these find is read from the machine for a stack that holds together.
  if (faults.length > 0) return faults
  const checks = startChecks({
    keepers: new Map(),
    ports: { find: () => undefined, replace: unused },
    injectedOf: () => ({}),
    onMove: unused,
  })
  const ports = stack.services.flatMap(fixedPorts).map(({ port }) => port)
  return [
    ...(await checks.stack(stack, new Set(arePortsKnown ? [] : ports))),
    ...(await bindFaultsWithoutEngine(stack)),
  ]
}

const unused = (): never => {
  throw new Error('nothing is started without a platform')
}

const nameFaults = ({ name }: StackSpec): ProblemDetail[] => {
  if (name !== ownStack) return []
  const { message, hint } = new AppError('stack_name_reserved', {
    message: `A stack cannot be named ${ownStack}`,
  })
  return [{ message, hint }]
}

const ownPortFaults = (
  { services }: StackSpec,
  ownPorts: OfflineChecks['ownPorts'],
): ProblemDetail[] =>
  services
    .filter(({ replicas }) => replicas > 0)
    .flatMap((service) =>
      fixedPorts(service).flatMap(({ port, path, protocol }) => {
        const own = ownPorts.find((one) => one.port === port)
        if (own === undefined || protocol !== 'tcp') return []
        const message = `port ${port} is ${own.name} of Keelson, and service ${service.name} wants it`
        const hint = 'Change the port in the file, or that of Keelson (keelson --help).'
        return [{ message, hint, ...originOf(service, path) }]
      }),
    )
