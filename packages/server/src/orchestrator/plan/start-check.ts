import { createSocket } from 'node:dgram'
import type { BoundPort, Origin, ProblemDetail, ServiceSpec, StackSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import type { Keeper } from '../keeper/keeper.ts'
import { instanceEnvironment } from './environment.ts'
import { canListen, fixedPorts, portOwner, type FixedPort, type PortAllocator } from '../ports.ts'
import { findPortHolder } from '@keelson/contract/listeners'
import { environmentOf, resolveCommand, resolveWorkingDir } from '../runtime-process/command.ts'
import { checkFiles } from '../runtime-process/files.ts'
import { checkUlimits } from '../runtime-process/limits.ts'
import { namespaceWrapper } from '../runtime-process/namespace.ts'
import { resolveUser, userWrapper } from '../runtime-process/user.ts'
import type { InstanceWish } from '../keeper/wish.ts'

type CheckDeps = {
  keepers: ReadonlyMap<string, Keeper>
  ports: Pick<PortAllocator, 'find' | 'replace'>
  /** What Keelson adds to the environment of a service. */
  injectedOf: (serviceId: string) => Readonly<Record<string, string>>
  onMove: (instance: Keeper['id']) => void
}

/** What can be found out about a start without starting anything. */
export const startChecks = ({ keepers, ports, injectedOf, onMove }: CheckDeps) => ({
  /**
   * All faults of a stack on this machine, each with its place in the file. `own`: ports of
   * containers that the stack takes over.
   */
  async stack(stack: StackSpec, own: ReadonlySet<number>): Promise<ProblemDetail[]> {
    const faults: ProblemDetail[] = []
    for (const service of stack.services) {
      if (service.runtime === 'process')
        faults.push(...(await processFaults(service, stack.workingDir)))
      faults.push(...(await portFaults(stack.name, service, { keepers, own })))
    }
    return faults
  },

  /**
   * Just before a start. Where a stranger has taken a port that was given out, the wish comes back
   * with another one; where the file fixes the port, it throws port_taken.
   */
  async instance(id: Keeper['id'], wish: InstanceWish): Promise<InstanceWish> {
    // The engine binds by itself, and says who is in the way.
    if (wish.spec.runtime !== 'process') return wish
    const bound: BoundPort[] = []
    for (const one of wish.ports) {
      const { port, host, protocol, target } = one
      const owner = portOwner(id.name, target)
      const free = protocol !== 'tcp' || (await canListen(port, host))
      if (!free && ports.find(owner) !== port)
        throw new AppError('port_taken', { message: await takenBy(port, keepers), port })
      bound.push(free ? one : { ...one, port: await ports.replace(owner, id.stack) })
    }
    if (bound.every((one, at) => one === wish.ports[at])) return wish
    onMove(id)
    const instance = { name: id.name, ports: bound }
    const environment = instanceEnvironment(wish.spec, injectedOf(id.serviceId), instance)
    return { ...wish, ports: bound, environment }
  },
})

/** What would make every start of a process fail, whatever is done about the others. */
const processFaults = async (service: ServiceSpec, stackDir: string): Promise<ProblemDetail[]> => {
  const checks: [path: string, check: () => unknown][] = [
    ['command', () => checkCommand(service, stackDir)],
    ['user', () => checkUser(service)],
    ['files', async () => checkFiles(service, stackDir, (await namespaceWrapper()) !== null)],
    ['ulimits', () => checkUlimits(service)],
  ]
  const faults: ProblemDetail[] = []
  for (const [path, check] of checks) {
    try {
      await check()
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      faults.push(faultOf(error, service, path))
    }
  }
  return faults
}

const checkCommand = async (service: ServiceSpec, stackDir: string): Promise<void> => {
  const workingDir = await resolveWorkingDir(service, stackDir)
  const wish = { environment: service.environment, incarnation: '' }
  await resolveCommand(service, workingDir, environmentOf(wish, undefined)['PATH'] ?? '')
}

const checkUser = async (service: ServiceSpec): Promise<void> => {
  await userWrapper(service.name, await resolveUser(service))
}

/** With the place that the check knows, or else that of what was checked. */
const faultOf = (
  { code, message, hint, errors }: AppError,
  service: ServiceSpec,
  checked: string,
): ProblemDetail => {
  const path = code === 'working_dir_not_found' ? 'workingDir' : checked
  const origin = errors[0]?.origin
  return { message, hint, ...(origin === undefined ? originOf(service, path) : { origin }) }
}

const originOf = (service: ServiceSpec, path: string): { origin?: Origin } => {
  const origin = service.origins[path]?.[0] ?? service.origins['']?.[0]
  return origin === undefined ? {} : { origin }
}

/** Ports that the file fixes and that somebody else holds; our own instances may. */
const portFaults = async (
  stack: string,
  service: ServiceSpec,
  { keepers, own }: { keepers: ReadonlyMap<string, Keeper>; own: ReadonlySet<number> },
): Promise<ProblemDetail[]> => {
  const faults: ProblemDetail[] = []
  if (service.replicas === 0) return faults
  for (const fixed of fixedPorts(service)) {
    const { port, protocol, path } = fixed
    if (own.has(port) || holderOf(port, keepers)?.id.stack === stack) continue
    const host = listenedHost(service, fixed)
    if (await (protocol === 'tcp' ? canListen(port, host) : canBind(port, host))) continue
    faults.push({
      message: `${await takenBy(port, keepers)}, and service ${service.name} wants it`,
      hint: 'Stop the program that holds it, or change the port in the file.',
      ...originOf(service, path),
    })
  }
  return faults
}

/** The engine publishes on all addresses where the file names none. */
const listenedHost = (service: ServiceSpec, { port, host, protocol }: FixedPort): string => {
  const written = service.ports.find(
    (one) => one.published === port && one.protocol === protocol,
  )?.hostIp
  const isOpen = written === undefined || written === ''
  return service.runtime === 'container' && isOpen ? '0.0.0.0' : host
}

const canBind = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    socket.once('error', () => socket.close(() => resolve(false)))
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve(true)))
  })

/** The instance of ours, of whatever stack, that runs on a port. */
export const holderOf = (port: number, keepers: ReadonlyMap<string, Keeper>): Keeper | undefined =>
  [...keepers.values()].find(
    ({ observed }) =>
      observed?.running === true && observed.ports.some((bound) => bound.port === port),
  )

const takenBy = async (port: number, keepers: ReadonlyMap<string, Keeper>): Promise<string> => {
  const ours = holderOf(port, keepers)
  if (ours !== undefined) {
    return `port ${port} is in use by ${ours.id.service} of the stack ${ours.id.stack}`
  }
  const holder = await findPortHolder(port)
  if (holder === null) return `port ${port} cannot be listened on`
  if (holder.pid === null) return `port ${port} is in use`
  return `port ${port} is in use by ${holder.command ?? 'a program'} (pid ${holder.pid})`
}
