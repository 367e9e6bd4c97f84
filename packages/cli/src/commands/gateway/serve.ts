import { resolve } from 'node:path'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { failureOf, formatPlace, isAppError, usageError, type Failure } from '../../failure.ts'
import { readKongFile } from '../../gateway-file.ts'
import { openPlugins, pluginFolderOf } from '../../own-plugins.ts'
import { count } from '../../text.ts'
import { gatewayFolderOf } from './folder.ts'
import { logTo } from './gateway-log.ts'

export type ServeOptions = {
  port?: number
  tlsPort?: number
  streamPort?: readonly number[]
  host?: string
  plugins?: string
  workers?: number
  statusPort?: number
  trustedProxies?: string
  proxyProtocol?: string
}

const portDefault = 8000
const tlsPortDefault = 8443
const graceMs = 5000

/** Runs the gateway alone until it is told to end; SIGHUP reads the file again. */
export const serve = async (
  context: Context,
  options: ServeOptions,
  [path = '']: readonly string[],
): Promise<number> => {
  const { port = portDefault, host = '127.0.0.1', streamPort: streamPorts = [] } = options
  const { statusPort = null, workers = 1 } = options
  const { output } = context
  const pluginFolder = options.plugins ?? pluginFolderOf(context)
  await using own = await openPlugins(context, pluginFolder)
  const { config } = await readKongFile(context, path, own.table)
  const { addressRangeProblem, readApart, serveGateway, wantsTls } =
    await import('@keelson/server/gateway')
  const trustedProxies = rangesOf('--trusted-proxies', options.trustedProxies, addressRangeProblem)
  const proxyProtocol = rangesOf('--proxy-protocol', options.proxyProtocol, addressRangeProblem)
  const tlsPort = options.tlsPort ?? (wantsTls(config) ? tlsPortDefault : null)
  const folder = gatewayFolderOf(context)
  const gateway = await serveGateway(config, {
    ...{ host, port, tlsPort, streamPorts, statusPort, folder },
    ...{ trustedProxies, proxyProtocol, workers, plugins: own.table, log: logTo(output) },
    pluginFolder: pluginFolder === undefined ? undefined : resolve(context.cwd, pluginFolder),
  }).catch(refusePort)
  const { address, tlsAddress, streamAddresses, statusAddress } = gateway
  output.message(`${path} is served on http://${address.host}:${address.port}: ${holds(config)}`)
  if (tlsAddress !== null) {
    output.message(`With TLS on https://${tlsAddress.host}:${tlsAddress.port}`)
  }
  for (const stream of streamAddresses) {
    output.message(`Connections that are no HTTP on ${stream.host}:${stream.port}`)
  }
  if (statusAddress !== null) {
    output.message(`Status and metrics on http://${statusAddress.host}:${statusAddress.port}`)
  }
  for (const problem of await gateway.problems()) output.alarm(problem)
  const reload = async (): Promise<void> => {
    try {
      const next = await readKongFile(context, path, own.table, readApart)
      await gateway.apply(next.config)
      output.message(`${path} is read again: ${holds(next.config)}`)
      for (const problem of await gateway.problems()) output.alarm(problem)
    } catch (error) {
      tellFailure(context, failureOf(error))
      output.message('The configuration stays as it was.')
    }
  }
  const onHangUp = oneAtATime(reload)
  process.on('SIGHUP', onHangUp)
  await told()
  process.off('SIGHUP', onHangUp)
  await gateway.close(graceMs)
  return exitCodes.ok
}

/** A port that cannot be had is no fault of ours: another one helps. */
const refusePort = (error: unknown): never => {
  const hint =
    'choose another with --port, --tls-port, --stream-port or --status-port; 0 is a free one'
  if (isAppError(error) && error.code === 'port_taken') throw usageError(error.message, hint)
  const { syscall, message } = error as NodeJS.ErrnoException
  if (syscall !== 'listen') throw error
  throw usageError(
    `The gateway cannot listen: ${message}`,
    `${hint}, or an address of this machine with --host`,
  )
}

/** Work that is done once more for all who ask while it goes on: the last file wins. */
const oneAtATime = (work: () => Promise<void>): (() => void) => {
  let last = Promise.resolve()
  let waits = false
  return () => {
    if (waits) return
    waits = true
    last = last.then(() => {
      waits = false
      return work()
    })
  }
}

/** Throws CommandError for what is no address and no CIDR range. */
const rangesOf = (
  option: string,
  text: string | undefined,
  problemOf: (range: string) => string | null,
): string[] => {
  const ranges = text === undefined || text === '' ? [] : text.split(',')
  for (const range of ranges) {
    const problem = problemOf(range)
    if (problem === null) continue
    const example = `${option} 10.0.0.0/8,192.0.2.7`
    throw usageError(`${option}: ${JSON.stringify(range)} ${problem}`, example)
  }
  return ranges
}

const holds = ({
  services,
  routes,
}: {
  services: readonly unknown[]
  routes: readonly unknown[]
}) => `${count(routes.length, 'route')}, ${count(services.length, 'service')}`

/** Resolves when the process is asked to end. */
const told = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })

const tellFailure = ({ output, cwd }: Context, { faults }: Failure): void => {
  for (const { message, place } of faults) {
    output.alarm(place === undefined ? message : `${formatPlace(place, cwd)}: ${message}`)
  }
}
