import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { failureOf, formatPlace, type Failure } from '../../failure.ts'
import { readKongFile } from '../../gateway-file.ts'
import { count } from '../../text.ts'
import { gatewayFolderOf } from './folder.ts'
import { logTo } from './gateway-log.ts'
import { openPlugins } from './own-plugins.ts'

export type ServeOptions = {
  port?: number
  tlsPort?: number
  streamPort?: readonly number[]
  host?: string
  plugins?: string
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
  const { output } = context
  await using own = await openPlugins(context, options.plugins)
  const { config } = await readKongFile(context, path, own.table)
  const { serveGateway, wantsTls } = await import('@keelson/server/gateway')
  const tlsPort = options.tlsPort ?? (wantsTls(config) ? tlsPortDefault : null)
  const folder = gatewayFolderOf(context)
  const gateway = await serveGateway(config, {
    ...{ host, port, tlsPort, streamPorts, folder, plugins: own.table, log: logTo(output) },
  })
  const { address, tlsAddress, streamAddresses } = gateway
  output.message(`${path} is served on http://${address.host}:${address.port}: ${holds(config)}`)
  if (tlsAddress !== null) {
    output.message(`With TLS on https://${tlsAddress.host}:${tlsAddress.port}`)
  }
  for (const stream of streamAddresses) {
    output.message(`Connections that are no HTTP on ${stream.host}:${stream.port}`)
  }
  for (const problem of gateway.problems()) output.alarm(problem)
  const reload = async (): Promise<void> => {
    try {
      const next = await readKongFile(context, path, own.table)
      await gateway.apply(next.config)
      output.message(`${path} is read again: ${holds(next.config)}`)
      for (const problem of gateway.problems()) output.alarm(problem)
    } catch (error) {
      tellFailure(context, failureOf(error))
      output.message('The configuration stays as it was.')
    }
  }
  // One at a time: the last signal wins.
  let reloading = Promise.resolve()
  const onHangUp = (): void => {
    reloading = reloading.then(reload)
  }
  process.on('SIGHUP', onHangUp)
  await told()
  process.off('SIGHUP', onHangUp)
  await gateway.close(graceMs)
  return exitCodes.ok
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
