import type { CollectorEvidence, ScrapeEvidence } from '../systems/system.ts'
import { fillIn, readAddress, type Lookup } from './address.ts'
import type { ConfigNode } from './config-node.ts'
import { readScrapes } from './prometheus-config.ts'
import type { FileFacts } from './reader.ts'

/** An OpenTelemetry collector's file: what it receives, where it exports to, what it scrapes. */
export const readOtel = (root: ConfigNode, lookup: Lookup): FileFacts => {
  const named = readPipelines(root)
  const isUsed = (kind: string, name: string) =>
    named.some((one) => one.name === name && one.kind === kind)
  const receivers = root.get('receivers')?.entries() ?? []
  const exporters = root.get('exporters')?.entries() ?? []
  const connectors = root.get('connectors')?.entries() ?? []
  const collector: CollectorEvidence = {
    ...root.at,
    kind: 'otel',
    receives: [
      ...receivers.flatMap(({ key, at, value }) =>
        portsOf(key, value, lookup).map((port) => ({ ...at, name: key, port })),
      ),
      ...readOwnPorts(root, lookup),
    ],
    exports: exporters.map(({ key, at, value }) => ({
      ...{ ...at, name: key, isUsed: isUsed('exporters', key) },
      ...(isPulled(key) ? { host: undefined, port: undefined } : addressOf(value, lookup)),
    })),
    connectors: connectors.map(({ key, at }) => ({ ...at, name: key })),
    named,
    by: undefined,
  }
  const scrapes = receivers
    .filter(({ key }) => /^prometheus(?:\/|$)/.test(key))
    .flatMap(({ value }): readonly ScrapeEvidence[] => {
      const config = value.get('config')
      return config === undefined ? [] : readScrapes(filled(config, lookup), 'otel')
    })
  return { collectors: [collector], scrapes }
}

/** Every receiver, processor and exporter that a pipeline names. */
const readPipelines = (root: ConfigNode): NonNullable<CollectorEvidence['named']> =>
  (root.get('service', 'pipelines')?.entries() ?? []).flatMap(({ key: pipeline, value }) =>
    (['receivers', 'processors', 'exporters'] as const).flatMap((kind) =>
      (value.get(kind)?.items() ?? []).flatMap((item) => {
        const name = item.text()
        return name === undefined ? [] : [{ ...item.at, kind, name, pipeline }]
      }),
    ),
  )

/** Ports of the receivers' protocols when no endpoint is given (otlpreceiver, jaegerreceiver …). */
const usualPorts: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  otlp: { grpc: 4317, http: 4318 },
  jaeger: { grpc: 14250, thrift_http: 14268, thrift_compact: 6831, thrift_binary: 6832 },
  zipkin: { '': 9411 },
}
/** Those that wait to be called; the others fetch, and their endpoint is somebody else's. */
const listening =
  /^(?:otlp|jaeger|zipkin|opencensus|statsd|carbon|fluentforward|syslog|tcplog|udplog|loki|influxdb|signalfx|skywalking|webhookevent|splunk_hec|prometheusremotewrite|otelarrow|datadog)(?:\/|$)/

/** Does a receiver of this name open a port? */
export const isListening = (name: string): boolean => listening.test(name)

const portsOf = (
  name: string,
  receiver: ConfigNode,
  lookup: Lookup,
): readonly (number | undefined)[] => {
  if (!listening.test(name)) return [undefined]
  const type = name.split('/')[0] ?? ''
  const usual = usualPorts[type] ?? {}
  const portIn = (node: ConfigNode, fallback: number | undefined) => {
    const text = node.get('endpoint')?.text() ?? node.get('listen_address')?.text()
    return text === undefined ? fallback : readAddress(fillIn(text, lookup))?.port
  }
  const protocols = receiver.get('protocols')?.entries() ?? []
  if (protocols.length === 0) return [portIn(receiver, usual[''])]
  return protocols.map(({ key, value }) => portIn(value, usual[key]))
}

/** Waits to be asked: its endpoint is a port of the collector. */
const isPulled = (exporter: string) => /^prometheus(?:\/|$)/.test(exporter)

/** Where extensions listen when no endpoint is given; jaeger's query serves its page and gRPC. */
const extensionPorts: Readonly<Record<string, readonly number[]>> = {
  ...{ health_check: [13_133], healthcheckv2: [13_133], pprof: [1777], zpages: [55_679] },
  jaeger_query: [16_685, 16_686],
}

/** Ports that a collector opens besides its receivers': extensions, metrics to be scraped. */
const readOwnPorts = (root: ConfigNode, lookup: Lookup): CollectorEvidence['receives'] => {
  const named = new Set(
    (root.get('service', 'extensions')?.items() ?? []).flatMap((item) => item.text() ?? []),
  )
  const portIn = (node: ConfigNode | undefined) => {
    const text = node?.text()
    return text === undefined ? undefined : readAddress(fillIn(text, lookup))?.port
  }
  const extensions = (root.get('extensions')?.entries() ?? [])
    .filter(({ key }) => named.has(key))
    .flatMap(({ key, at, value }) => {
      const endpoint = value.get('endpoint') ?? value.get('http', 'endpoint')
      const usual = extensionPorts[key.split('/')[0] ?? ''] ?? []
      const ports = endpoint === undefined ? usual : [portIn(endpoint)]
      return ports.map((port) => ({ ...at, name: key, port }))
    })
  const pulled = (root.get('exporters')?.entries() ?? [])
    .filter(({ key }) => isPulled(key))
    .map(({ key, at, value }) => ({ ...at, name: key, port: portIn(value.get('endpoint')) }))
  // Its own metrics, unless told otherwise (opentelemetry-collector, service/telemetry).
  const own = { ...root.at, name: 'telemetry', port: 8888 }
  return [...extensions, ...pulled, own]
}

const addressOf = (exporter: ConfigNode, lookup: Lookup) => {
  const written =
    exporter.get('endpoint')?.text() ??
    exporter.get('http', 'endpoint')?.text() ??
    exporter.get('brokers')?.items()[0]?.text() ??
    exporter.get('traces_endpoint')?.text()
  const address = written === undefined ? undefined : readAddress(fillIn(written, lookup))
  const port = address?.port
  return { host: address?.host, port }
}

/** A configuration with its variables filled in, wherever they stand. */
const filled = (node: ConfigNode, lookup: Lookup): ConfigNode => ({
  ...node,
  get: (key, ...below) => {
    const found = node.get(key, ...below)
    return found === undefined ? undefined : filled(found, lookup)
  },
  items: () => node.items().map((item) => filled(item, lookup)),
  entries: () => node.entries().map((entry) => ({ ...entry, value: filled(entry.value, lookup) })),
  text: () => {
    const text = node.text()
    return text === undefined ? undefined : fillIn(text, lookup)
  },
})
