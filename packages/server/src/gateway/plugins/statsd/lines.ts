import { hostname } from 'node:os'
import type { Consumer, Service } from '../../config/model.ts'
import type { ExchangeRecord, PluginExchange } from '../plugin.ts'
import type { Metric, StatsdConfig } from './schema.ts'

const types: Readonly<Record<Metric['stat_type'], string>> = {
  ...{ gauge: 'g', counter: 'c', timer: 'ms', histogram: 'h', meter: 'm', set: 's' },
}

const workspace = 'default'
const undotted = (text: string): string => text.replaceAll('.', '_')
/** What would end a name, or the line. */
const safe = (text: string): string => text.replace(/[:|@#,=[\]\s]/g, '_')
const host = undotted(hostname())

type Tags = readonly (readonly [name: string, value: string])[]

const tagged: Readonly<
  Record<
    NonNullable<StatsdConfig['tag_style']>,
    (name: string, value: string, tags: Tags) => string
  >
> = {
  dogstatsd: (name, value, tags) => `${name}:${value}|#${joined(tags, ':')}`,
  influxdb: (name, value, tags) => `${name},${joined(tags, '=')}:${value}`,
  librato: (name, value, tags) => `${name}#${joined(tags, '=')}:${value}`,
  signalfx: (name, value, tags) => `${name}[${joined(tags, '=')}]:${value}`,
}

const joined = (tags: Tags, sign: string): string =>
  tags.map(([name, value]) => name + sign + safe(value)).join(',')

/** Makes the lines of one exchange. */
export const statsdLines = (config: StatsdConfig, random: () => number = Math.random) => {
  const { tag_style } = config
  const prefix =
    config.hostname_in_prefix && tag_style === null
      ? `${config.prefix}.node.${host}`
      : config.prefix
  const ranges = (config.allow_status_codes ?? []).map((range) => range.split('-').map(Number))

  const isAllowed = (status: number): boolean =>
    config.allow_status_codes === null ||
    ranges.some(([from = 0, to = 0]) => status >= from && status <= to)

  const line = (
    { stat_type, sample_rate }: Metric,
    stat: string,
    value: string | number,
    tags: Tags | null,
  ): string => {
    const rate = sample_rate === null || sample_rate === 1 ? '' : `|@${sample_rate}`
    const text = `${value}|${types[stat_type]}${rate}`
    const name = `${prefix}.${stat}`
    return tag_style === null || tags === null
      ? `${name}:${text}`
      : tagged[tag_style](name, text, tags)
  }

  const ofMetric = (
    metric: Metric,
    exchange: PluginExchange,
    record: ExchangeRecord,
  ): string | undefined => {
    const { service, consumer } = exchange
    const consumerId = consumerName(
      consumer,
      metric.consumer_identifier ?? config.consumer_identifier_default,
    )
    const serviceId = serviceName(
      service,
      metric.service_identifier ?? config.service_identifier_default,
    )
    if (tag_style !== null) {
      const plain = plainStat(metric.name, record)
      if (plain === undefined || serviceId === null) return undefined
      return line(metric, plain.stat, plain.value, tagsOf(exchange, record, serviceId, consumerId))
    }
    const scope =
      service === null ? 'global.unmatched' : `service.${safe(undotted(serviceId ?? 'unnamed'))}`
    const user = consumerId === null ? null : safe(consumerId)
    const found = statOf(metric.name, scope, user, exchange, record)
    return found === undefined ? undefined : line(metric, found.stat, found.value, null)
  }

  return (exchange: PluginExchange, record: ExchangeRecord): string[] => {
    if (!isAllowed(record.status)) return []
    return config.metrics.flatMap((metric) => {
      // Told as a share, it must be one: the server multiplies by it.
      if (metric.sample_rate !== null && random() >= metric.sample_rate) return []
      return ofMetric(metric, exchange, record) ?? []
    })
  }
}

type Stat = { stat: string; value: string | number } | undefined

/** Those that are the same with tags and without. */
const plainStat = (name: Metric['name'], record: ExchangeRecord): Stat => {
  if (name === 'request_size') return { stat: 'request.size', value: record.requestBytes }
  if (name === 'response_size') return { stat: 'response.size', value: record.responseBytes }
  if (name === 'request_count') return { stat: 'request.count', value: 1 }
  if (name === 'latency') return { stat: name, value: Math.round(record.durationMs) }
  if (name === 'kong_latency') return { stat: name, value: Math.round(record.gatewayMs) }
  if (name !== 'upstream_latency' || record.upstreamMs === null) return undefined
  return { stat: name, value: Math.round(record.upstreamMs) }
}

const statOf = (
  name: Metric['name'],
  scope: string,
  user: string | null,
  { route }: PluginExchange,
  record: ExchangeRecord,
): Stat => {
  const { status } = record
  if (name === 'status_count') return { stat: `${scope}.status.${status}`, value: 1 }
  if (name === 'status_count_per_workspace') {
    return { stat: `${scope}.workspace.${workspace}.status.${status}`, value: 1 }
  }
  const plain = plainStat(name, record)
  if (plain !== undefined) return { stat: `${scope}.${plain.stat}`, value: plain.value }
  if (user === null) return undefined
  if (name === 'unique_users') return { stat: `${scope}.user.uniques`, value: user }
  if (name === 'request_per_user') {
    return { stat: `${scope}.user.${user}.request.count`, value: 1 }
  }
  if (name === 'status_count_per_user') {
    return { stat: `${scope}.user.${user}.status.${status}`, value: 1 }
  }
  if (name !== 'status_count_per_user_per_route' || route === null) return undefined
  return { stat: `route.${route.id}.user.${user}.status.${status}`, value: 1 }
}

const tagsOf = (
  { route }: PluginExchange,
  { status }: ExchangeRecord,
  service: string,
  consumer: string | null,
): Tags => [
  ['service', service],
  ...(route === null ? [] : ([['route', route.name ?? route.id]] as const)),
  ['workspace', workspace],
  ...(consumer === null ? [] : ([['consumer', consumer]] as const)),
  ['node', host],
  ['status', String(status)],
]

const consumerName = (
  consumer: Consumer | null,
  by: StatsdConfig['consumer_identifier_default'],
): string | null => {
  if (consumer === null) return null
  return by === 'consumer_id' ? consumer.id : consumer[by]
}

const serviceName = (
  service: Service | null,
  by: StatsdConfig['service_identifier_default'],
): string | null => {
  if (service === null) return null
  if (by === 'service_id') return service.id
  if (by === 'service_name') return service.name
  return by === 'service_host' ? service.host : (service.name ?? service.host)
}

/** Lines that share a datagram, as long as they fit. */
export const packed = (lines: readonly string[], mostBytes: number): string[] => {
  const packets: string[] = []
  for (const line of lines) {
    const last = packets.at(-1)
    const together = last === undefined ? line : `${last}\n${line}`
    if (last === undefined || Buffer.byteLength(together) > mostBytes) packets.push(line)
    else packets[packets.length - 1] = together
  }
  return packets
}
