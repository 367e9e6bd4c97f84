import type { ProblemDetail, StackSpec } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { CommandError, type Fault } from '../failure.ts'

type Known = { arePortsKnown: boolean }

/**
 * The checks of the platform that need none, with its own code: a route that is the platform's, a
 * port in use, a command that is not there. Throws CommandError with all faults, as `up` would.
 */
export const checkWithoutPlatform = async (
  { env }: Context,
  spec: StackSpec,
  { arePortsKnown }: Known,
): Promise<void> => {
  // Read here: a plan of a running platform needs nothing of it.
  const { faultsWithoutPlatform } = await import('@keelson/server/check')
  const ownPorts = [
    { port: portOf(env['KEELSON_PORT'], 7070), name: 'the page and API port' },
    { port: portOf(env['KEELSON_GATEWAY_PORT'], 8080), name: 'the gateway port' },
    { port: portOf(env['KEELSON_GATEWAY_TLS_PORT'], 8443), name: 'the TLS port of the gateway' },
  ]
  const faults = await faultsWithoutPlatform(spec, { ownPorts, arePortsKnown })
  if (faults.length === 0) return
  throw new CommandError('stack_invalid', exitCodes.badInput, faults.map(faultOf))
}

const portOf = (text: string | undefined, standard: number): number => Number(text) || standard

const faultOf = ({ message, hint, origin }: ProblemDetail): Fault => ({
  message,
  ...(origin === undefined ? {} : { place: origin }),
  ...(hint === undefined ? {} : { hint }),
})

/** What only a running platform can find out, in one sentence. */
export const describeUnchecked = (spec: StackSpec, { arePortsKnown }: Known): string => {
  const hasContainers = spec.services.some(({ runtime }) => runtime === 'container')
  const hasDatabases = spec.services.some(({ database }) => database !== undefined)
  const open = [
    'routes and ports of other stacks',
    ...(arePortsKnown ? [] : ['ports in use on this machine']),
    ...(hasContainers ? ['images, networks and volumes of the engine'] : []),
    ...(hasDatabases ? ['databases'] : []),
  ]
  const list = [open.slice(0, -1).join(', '), open.at(-1)].filter((part) => part !== '')
  return `Not checked until Keelson runs: ${list.join(' and ')}.`
}
