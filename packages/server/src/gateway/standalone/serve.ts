import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { systemClock, type Timer } from '../../kernel/clock.ts'
import { keepCanaries, loadCanaries } from '../canaries/folder-keeping.ts'
import { createCanaryTelling } from '../canaries/telling.ts'
import type { GatewayConfig } from '../config/model.ts'
import { plugins as housePlugins, type PluginTable } from '../plugins/index.ts'
import type { ProxyLog } from '../proxy/index.ts'
import type { GatewayCanary, GatewayDocument } from '../snapshot.ts'
import type { AcmeState } from '../tls/acme/keeper.ts'
import { openLocalAuthority } from '../tls/local-authority.ts'
import { createAcme } from '../tls/acme/acme.ts'
import { openFolderKeeping } from '../tls/acme/folder-keeping.ts'
import { openPlane } from '../workers/index.ts'
import { openStatusListener, type StatusSource } from './status-listener.ts'

export type ServeOptions = {
  host: string
  port: number
  /** Null: no TLS; 0 takes a free port. */
  tlsPort: number | null
  /** Ports for routes of protocol tcp, tls and tls_passthrough. */
  streamPorts: readonly number[]
  /** On the loopback, for status and metrics; null: none; 0 takes a free one. */
  statusPort: number | null
  /** Addresses and CIDR ranges whose X-Forwarded-* tell the truth about the client. */
  trustedProxies: readonly string[]
  /** Those who begin with a header of the PROXY protocol. */
  proxyProtocol: readonly string[]
  /** Threads that serve; 1 unless it is given. */
  workers?: number
  /** For the authority of this machine, and what ACME servers have given. */
  folder: string
  /** Those of the house when absent. */
  plugins?: PluginTable
  /** Of plugins of one's own that are in `plugins`, for workers to open it as well. */
  pluginFolder?: string | undefined
  log: ProxyLog
}

export type ServedGateway = {
  address: { host: string; port: number }
  tlsAddress: { host: string; port: number } | null
  streamAddresses: readonly { host: string; port: number }[]
  statusAddress: { host: string; port: number } | null
  /** Puts another configuration into effect; requests under way and WebSockets go on. */
  apply(config: GatewayConfig): Promise<void>
  /** What does not work, as sentences. */
  problems(): Promise<string[]>
  /** Waits for requests under way, for so long. */
  close(graceMs: number): Promise<void>
}

/** Decisions are made once a second. */
const canaryLookMs = 1000

/** The gateway alone, configured by one file. Throws AppError('port_taken'). */
export const serveGateway = async (
  config: GatewayConfig,
  { host, port, tlsPort, folder, plugins = housePlugins, log, ...options }: ServeOptions,
): Promise<ServedGateway> => {
  const { streamPorts, statusPort, trustedProxies, proxyProtocol } = options
  const { workers = 1, pluginFolder } = options
  const planeOptions = {
    ...{ folder, pluginFolder, publicHost: host, publicPort: port },
    platform: null,
    ...{ trustedProxies, proxyProtocol },
    streams: { ports: streamPorts, mayWait: false },
    ...(tlsPort === null ? {} : { publicTls: { port: tlsPort, mayWait: false } }),
  }
  const plane = await openPlane(planeOptions, { workers, plugins, log, clock: systemClock })
  let canaries: readonly GatewayCanary[] = await loadCanaries(folder)
  let revision = 0
  let document: GatewayDocument = documentOf(config)
  const applyAll = async (): Promise<void> => {
    revision += 1
    const documents = [document]
    await plane.apply({
      ...{ revision, services: {}, documents, edges: [] },
      ...{ acme: acme.state(), canaries },
    })
  }
  const acme = createAcme({
    ...{ clock: systemClock, log, apply: applyAll },
    openKeeping: () => openFolderKeeping(join(folder, 'acme')),
  })
  const tellCanaries = createCanaryTelling({
    ...{ canaries: plane.canaries, log },
    async keep(decided) {
      await keepCanaries(folder, decided)
      canaries = decided
      // Workers decide each by what they have seen; all go by the furthest.
      if (workers > 1) await applyAll()
    },
  })
  let looking: Promise<void> = Promise.resolve()
  let timer: Timer | undefined
  const lookAgain = (): void => {
    timer = systemClock.setTimer(() => {
      looking = tellCanaries().finally(() => (closing ? undefined : lookAgain()))
    }, canaryLookMs)
  }
  let closing = false
  let status: Awaited<ReturnType<typeof openStatusListener>> | null = null
  const source: StatusSource = {
    metrics: () => plane.metrics(),
    connections: () => plane.connections(),
    configurationHash: () => hashOf(document.config),
    unready: () => (closing ? 'the gateway ends' : null),
  }
  // The configuration first: the first connection meets routes.
  await applyAll()
  try {
    await plane.start()
    if (statusPort !== null) status = await openStatusListener(statusPort, source)
    await acme.want([document])
    await applyAll()
    lookAgain()
  } catch (error) {
    await status?.close()
    await plane.close(0)
    throw error
  }
  return {
    address: plane.address(),
    tlsAddress: plane.tlsAddress(),
    streamAddresses: plane.streamAddresses(),
    statusAddress: status?.address ?? null,
    async apply(next) {
      document = documentOf(next)
      await acme.want([document])
      await applyAll()
    },
    problems: async () => [
      ...(await plane.problems()),
      ...acme.states().flatMap(problemsOf),
      ...(tlsPort === null && wantsTls(document.config)
        ? ['There are certificates, and no port for TLS.']
        : []),
    ],
    async close(graceMs) {
      closing = true
      timer?.cancel()
      await looking
      await acme.stop()
      await plane.close(graceMs)
      await status?.close()
    },
  }
}

/** Tells configurations apart, for whoever watches that one has arrived. */
const hashOf = (config: GatewayConfig): string =>
  createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 32)

const documentOf = (config: GatewayConfig): GatewayDocument => ({
  ...{ manager: 'file', stack: null, style: 'kong', config },
})

const problemsOf = ({ names, problem }: AcmeState): string[] =>
  problem === null ? [] : [`No certificate for ${names.join(', ')}: ${problem}`]

/** Of the authority of this machine (PEM), which is made if there is none. */
export const localCertificate = async (folder: string): Promise<string> =>
  (await openLocalAuthority(folder, systemClock)).certificate

/** Whether a file has, or asks for, certificates to be shown. */
export const wantsTls = ({ snis, plugins }: GatewayConfig): boolean =>
  snis.length > 0 || plugins.some(({ name, enabled }) => name === 'acme' && enabled)
