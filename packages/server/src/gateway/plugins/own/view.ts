import type { ExchangeRecord, PluginExchange } from '../plugin.ts'
import type { OwnRecord } from './author.ts'
import type { SeenView } from './messages.ts'

/** What a plugin sees of a request: plain data, and no more than it is told of. */
export const viewOf = (exchange: PluginExchange, notes: Buffer | null): SeenView => {
  const { request, route, service, consumer } = exchange
  return {
    requestId: exchange.requestId,
    request: {
      method: request.method,
      scheme: request.scheme,
      host: request.host,
      path: request.path,
      query: request.query,
      headers: request.headers.raw,
    },
    clientIp: exchange.clientIp,
    route: route && { id: route.id, name: route.name },
    service: service && { id: service.id, name: service.name },
    captures: exchange.captures,
    consumer: consumer && {
      id: consumer.id,
      username: consumer.username,
      customId: consumer.custom_id,
    },
    groups: exchange.groups,
    notes,
  }
}

export const ownRecordOf = (record: ExchangeRecord): OwnRecord => ({
  startedAt: record.startedAt,
  status: record.status,
  source: record.source,
  error: record.error,
  requestBytes: record.requestBytes,
  responseBytes: record.responseBytes,
  durationMs: record.durationMs,
  upstreamMs: record.upstreamMs,
  aborted: record.aborted,
})
