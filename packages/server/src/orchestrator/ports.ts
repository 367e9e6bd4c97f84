import { createServer } from 'node:net'
import type { BoundPort, ServiceSpec } from '@keelson/contract'
import { AppError } from '../kernel/errors.ts'

/**
 * Loopback ports for what has none of its own. Below the ephemeral range of every common system
 * (Linux starts at 32768), so that no outgoing connection sits on one by chance.
 */
const rangeStart = 21_000
const rangeEnd = 31_000

export type PortGiver = {
  /** The port of an owner: the one it has, or a new one that nobody holds or listens on. */
  allocate(owner: string, stack: string): Promise<number>
}

export type PortAllocator = PortGiver & {
  /** The port an owner has; gives out none. */
  find(owner: string): number | undefined
  /** The port that was given out is taken by someone else: gives another one. */
  replace(owner: string, stack: string): Promise<number>
  release(stack: string): Promise<void>
}

type PortStore = {
  load(): Promise<{ owner: string; stack: string; port: number }[]>
  save(owner: string, stack: string, port: number): Promise<void>
  release(stack: string): Promise<void>
}

export const createPortAllocator = async (store: PortStore): Promise<PortAllocator> => {
  const rows = await store.load()
  const owned = new Map(rows.map((row) => [row.owner, row]))
  const held = new Set(rows.map(({ port }) => port))
  const giving = new Map<string, Promise<number>>()
  let cursor = rangeStart + Math.floor(Math.random() * (rangeEnd - rangeStart))

  const nextFree = async (): Promise<number> => {
    for (let tries = 0; tries < rangeEnd - rangeStart; tries += 1) {
      cursor = cursor + 1 >= rangeEnd ? rangeStart : cursor + 1
      if (held.has(cursor)) continue
      const port = cursor
      held.add(port) // before the next await: two callers never get the same one
      if (await canListen(port)) return port
      held.delete(port)
    }
    throw new AppError('port_taken', {
      message: `No port between ${rangeStart} and ${rangeEnd} is free`,
    })
  }

  const give = async (owner: string, stack: string): Promise<number> => {
    const port = await nextFree()
    const former = owned.get(owner)
    try {
      await store.save(owner, stack, port)
    } catch (error) {
      held.delete(port)
      throw error
    }
    owned.set(owner, { owner, stack, port })
    if (former !== undefined) held.delete(former.port)
    return port
  }

  /** Two callers that ask for the same owner at once get the same port. */
  const giveOnce = (owner: string, stack: string): Promise<number> => {
    const under = giving.get(owner)
    if (under !== undefined) return under
    const given = give(owner, stack).finally(() => giving.delete(owner))
    giving.set(owner, given)
    return given
  }

  return {
    async allocate(owner, stack) {
      return owned.get(owner)?.port ?? (await giveOnce(owner, stack))
    },
    find: (owner) => owned.get(owner)?.port,
    replace: giveOnce,
    async release(stack) {
      await store.release(stack)
      for (const [owner, row] of owned) {
        if (row.stack !== stack) continue
        owned.delete(owner)
        held.delete(row.port)
      }
    },
  }
}

/** Whether a loopback port is free now. */
export const canListen = (port: number, host = '127.0.0.1'): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })

type WantedPort = {
  target: number
  protocol: 'tcp' | 'udp'
  published: number | undefined
  hostIp: string | undefined
}

/** The ports a service listens on, the one people reach it by first. */
export const wantedPorts = (spec: ServiceSpec): WantedPort[] => {
  const wanted = new Map<string, WantedPort>()
  const add = (port: WantedPort): void => {
    const key = `${port.target}/${port.protocol}`
    if (!wanted.has(key)) wanted.set(key, port)
  }
  for (const { target, protocol, published, hostIp } of spec.ports) {
    add({ target, protocol, published, hostIp })
  }
  const plain = (target: number | undefined): void => {
    if (target === undefined) return
    add({ target, protocol: 'tcp', published: undefined, hostIp: undefined })
  }
  if (typeof spec.port === 'number') plain(spec.port)
  for (const target of spec.expose) plain(target)
  if (spec.probe !== null && spec.probe.kind !== 'exec') plain(spec.probe.port)
  for (const route of spec.routes) plain(route.port)
  // Told to take any port, and names none itself: it is told which by $PORT.
  if (wanted.size === 0 && (spec.port === 'auto' || spec.routes.length > 0)) plain(autoTarget)
  return [...wanted.values()]
}

/** Stands for "the port in $PORT" where the file names no port at all. */
const autoTarget = 80

/**
 * Ports of one process instance. A process listens where it is told: on its published port, on a
 * free one in $PORT (`port: auto`, or several replicas), else on the port the file names.
 */
export const processPorts = async (
  spec: ServiceSpec,
  instance: { name: string; stack: string },
  giver: PortGiver,
): Promise<BoundPort[]> => {
  const bound: BoundPort[] = []
  for (const wanted of wantedPorts(spec)) {
    const { target, protocol, published, hostIp } = wanted
    const port = isDynamic(spec, wanted)
      ? await giver.allocate(portOwner(instance.name, target), instance.stack)
      : (published ?? target)
    bound.push({ target, host: reachable(hostIp), port, protocol })
  }
  return bound
}

/** Who a port of an instance is given to. */
export const portOwner = (instance: string, target: number): string =>
  `instance:${instance}:${target}`

const isDynamic = (spec: ServiceSpec, { published }: WantedPort): boolean =>
  spec.runtime === 'process' &&
  published === undefined &&
  (spec.port === 'auto' || spec.replicas > 1 || !hasOwnPort(spec))

export type FixedPort = { port: number; host: string; protocol: 'tcp' | 'udp'; path: string }

/** Ports of this host that the file fixes, each with the path of the file that does. */
export const fixedPorts = (spec: ServiceSpec): FixedPort[] => {
  const wanted = wantedPorts(spec).filter(
    (port) =>
      port.published !== undefined || (spec.runtime === 'process' && !isDynamic(spec, port)),
  )
  return wanted.map(({ target, published, hostIp, protocol }) => ({
    port: published ?? target,
    host: hostIp === undefined || hostIp === '' ? '127.0.0.1' : hostIp,
    protocol,
    path: pathOf(spec, target),
  }))
}

const pathOf = (spec: ServiceSpec, target: number): string => {
  if (spec.ports.some((port) => port.target === target)) return 'ports'
  if (spec.port === target) return 'port'
  return spec.expose.includes(target) ? 'expose' : 'probe'
}

const hasOwnPort = (spec: ServiceSpec): boolean =>
  spec.ports.length > 0 ||
  spec.expose.length > 0 ||
  spec.port !== undefined ||
  (spec.probe !== null && spec.probe.kind !== 'exec' && spec.probe.port !== undefined) ||
  spec.routes.some(({ port }) => port !== undefined)

/** An address that this host can call: a wildcard is where it listens, not where it is reached. */
const reachable = (hostIp: string | undefined): string =>
  hostIp === undefined || hostIp === '0.0.0.0' || hostIp === '::' || hostIp === ''
    ? '127.0.0.1'
    : hostIp
