import { systemClock, type Clock } from '../../kernel/clock.ts'
import { newId } from '../../kernel/ids.ts'
import type { GatewayConfig } from '../config/model.ts'
import { readGatewayConfig } from '../config/read.ts'
import { plugins as allPlugins } from '../plugins/index.ts'
import type { PluginDefinition, SharedCounters } from '../plugins/plugin.ts'
import { createProxy, type Proxy, type ProxyOptions } from '../proxy/index.ts'
import { talk } from '../proxy/testing.ts'
import type { GatewayDocument, GatewaySnapshot } from '../snapshot.ts'

export * from './entities.ts'
export { freePort, startOrigin, startRawOrigin, until, type Origin } from '../proxy/testing.ts'

/** A Kong file as text, a configuration made by hand, or whole documents. */
export type TestConfig = string | GatewayConfig | readonly GatewayDocument[]

export type TestGateway = AsyncDisposable & {
  proxy: Proxy
  port: number
  url: string
  /** Of the listener for TLS; 0 when the test has not asked for one. */
  tlsPort: number
  streamPorts: readonly number[]
  /** Path and query, and what `fetch` takes; redirects are not followed. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** Sends raw text; gives what comes back until the gateway closes the connection, as latin1. */
  raw(text: string | readonly string[]): Promise<string>
  /** Puts another configuration into effect. */
  apply(config: TestConfig, services?: GatewaySnapshot['services']): Promise<void>
  metrics(): string
  /** Messages of what was logged as a warning or an error. */
  warnings: readonly string[]
  /** All that was logged as a warning or an error, with its facts. */
  logged: readonly { message: string; facts: object }[]
}

type TestOptions = {
  config: TestConfig
  /** Beside those of the house; one of the same name takes its place. */
  plugins?: readonly PluginDefinition[]
  /** Instances of the registry, by `<stack>/<service>`; of documents with a stack. */
  services?: GatewaySnapshot['services']
  clock?: Clock
  counters?: SharedCounters
  /** What is kept of canaries. */
  canaries?: GatewaySnapshot['canaries']
  trustedProxies?: readonly string[]
  proxyProtocol?: readonly string[]
  /** How many ports for connections that are no HTTP. */
  streams?: number
  /** A free one unless it is given. */
  port?: number
  /** A listener for TLS on a free port. */
  tls?: Partial<NonNullable<ProxyOptions['publicTls']>>
  /** For `${{ env "DECK_X" }}` and vault references of a file. */
  environment?: Readonly<Record<string, string>>
}

/** A real gateway on a free port of the loopback, for one test. */
export const openGateway = async (options: TestOptions): Promise<TestGateway> => {
  const logged: { message: string; facts: object }[] = []
  const warnings: string[] = []
  const note = (facts: object, message: string): void => {
    logged.push({ message, facts })
    warnings.push(message)
  }
  const plugins = new Map([
    ...allPlugins,
    ...(options.plugins ?? []).map((definition) => [definition.name, definition] as const),
  ])
  const proxy = createProxy({
    log: { info: () => {}, warn: note, error: note },
    clock: options.clock ?? systemClock,
    newId,
    publicHost: '127.0.0.1',
    publicPort: options.port ?? 0,
    streams: { ports: Array.from({ length: options.streams ?? 0 }, () => 0), mayWait: false },
    platform: { host: '127.0.0.1', port: 1 },
    plugins,
    ...(options.counters === undefined ? {} : { counters: options.counters }),
    trustedProxies: options.trustedProxies ?? [],
    proxyProtocol: options.proxyProtocol ?? [],
    ...(options.tls === undefined
      ? {}
      : { publicTls: { port: 0, authority: null, mayWait: false, ...options.tls } }),
  })
  let revision = 0
  const documentsOf = (config: TestConfig): readonly GatewayDocument[] => {
    if (typeof config !== 'string') return isDocuments(config) ? config : [documentOf(config)]
    const environment = options.environment ?? {}
    const read = readGatewayConfig({ text: config, file: 'kong.yml' }, { environment, plugins })
    const [fault] = read.faults
    if (fault !== undefined) throw new Error(`${fault.line}: ${fault.entity}: ${fault.message}`)
    return [documentOf(read.config)]
  }
  const apply: TestGateway['apply'] = async (config, services = options.services ?? {}) => {
    revision += 1
    const { canaries = [] } = options
    await proxy.apply({ revision, services, documents: documentsOf(config), edges: [], canaries })
  }
  await proxy.start()
  await apply(options.config)
  const { port } = proxy.address()
  const url = `http://127.0.0.1:${port}`
  return {
    proxy,
    port,
    url,
    tlsPort: proxy.tlsAddress()?.port ?? 0,
    streamPorts: proxy.streamAddresses().map((address) => address.port),
    warnings,
    logged,
    apply,
    fetch: (path, init) => fetch(url + path, { redirect: 'manual', ...init }),
    raw: (text) => talk(port, text),
    metrics: () => proxy.metrics(),
    [Symbol.asyncDispose]: () => proxy.close(0),
  }
}

/** A document as a Kong file makes it. */
export const documentOf = (
  config: GatewayConfig,
  more: Partial<GatewayDocument> = {},
): GatewayDocument => ({ manager: 'file', stack: null, style: 'kong', config, ...more })

const isDocuments = (
  config: GatewayConfig | readonly GatewayDocument[],
): config is readonly GatewayDocument[] => Array.isArray(config)
