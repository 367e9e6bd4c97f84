import { join } from 'node:path'
import { systemClock } from '../../kernel/clock.ts'
import { newId } from '../../kernel/ids.ts'
import type { GatewayConfig } from '../config/model.ts'
import { plugins as housePlugins, type PluginTable } from '../plugins/index.ts'
import { createProxy, type ProxyLog } from '../proxy/index.ts'
import type { GatewayDocument } from '../snapshot.ts'
import type { AcmeState } from '../tls/acme/keeper.ts'
import { localAuthorityIn, openLocalAuthority } from '../tls/local-authority.ts'
import { createAcme } from '../tls/acme/acme.ts'
import { openFolderKeeping } from '../tls/acme/folder-keeping.ts'

export type ServeOptions = {
  host: string
  port: number
  /** Null: no TLS; 0 takes a free port. */
  tlsPort: number | null
  /** Ports for routes of protocol tcp, tls and tls_passthrough. */
  streamPorts: readonly number[]
  /** For the authority of this machine, and what ACME servers have given. */
  folder: string
  /** Those of the house when absent. */
  plugins?: PluginTable
  log: ProxyLog
}

export type ServedGateway = {
  address: { host: string; port: number }
  tlsAddress: { host: string; port: number } | null
  streamAddresses: readonly { host: string; port: number }[]
  /** Puts another configuration into effect; requests under way and WebSockets go on. */
  apply(config: GatewayConfig): Promise<void>
  /** What does not work, as sentences. */
  problems(): string[]
  /** Waits for requests under way, for so long. */
  close(graceMs: number): Promise<void>
}

/** The gateway alone, configured by one file. Throws AppError('port_taken'). */
export const serveGateway = async (
  config: GatewayConfig,
  { host, port, tlsPort, streamPorts, folder, plugins = housePlugins, log }: ServeOptions,
): Promise<ServedGateway> => {
  const authority = tlsPort === null ? null : await localAuthorityIn(folder, systemClock, log)
  const proxy = createProxy({
    ...{ log, newId, clock: systemClock, publicHost: host, publicPort: port, plugins },
    platform: { host: '127.0.0.1', port: 1 },
    streams: { ports: streamPorts, mayWait: false },
    ...(tlsPort === null ? {} : { publicTls: { port: tlsPort, authority, mayWait: false } }),
  })
  let revision = 0
  let document: GatewayDocument = documentOf(config)
  const applyAll = async (): Promise<void> => {
    revision += 1
    const documents = [document]
    await proxy.apply({ revision, services: {}, documents, edges: [], acme: acme.state() })
  }
  const acme = createAcme({
    ...{ clock: systemClock, log, apply: applyAll },
    openKeeping: () => openFolderKeeping(join(folder, 'acme')),
  })
  // The configuration first: the first connection meets routes.
  await applyAll()
  try {
    await proxy.start()
    await acme.want([document])
    await applyAll()
  } catch (error) {
    await proxy.close(0)
    throw error
  }
  return {
    address: proxy.address(),
    tlsAddress: proxy.tlsAddress(),
    streamAddresses: proxy.streamAddresses(),
    async apply(next) {
      document = documentOf(next)
      await acme.want([document])
      await applyAll()
    },
    problems: () => [
      ...proxy.problems(),
      ...acme.states().flatMap(problemsOf),
      ...(tlsPort === null && wantsTls(document.config)
        ? ['There are certificates, and no port for TLS.']
        : []),
    ],
    async close(graceMs) {
      await acme.stop()
      await proxy.close(graceMs)
    },
  }
}

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
