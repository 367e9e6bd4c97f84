import { hostname } from 'node:os'
import {
  definePlugin,
  type PluginExchange,
  type PluginFault,
  type PluginHost,
  type PluginRequest,
} from '../plugin.ts'
import { hasParameter } from '../query.ts'
import { schema, type RequestTerminationConfig } from './schema.ts'

const usualMessages: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  404: 'Not found',
  405: 'Method not allowed',
  500: 'An unexpected error occurred',
  502: 'Bad Gateway',
  503: 'Service unavailable',
}

/** A body is echoed up to this size. */
const echoLimit = 1024 * 1024

/** Answers in place of the service. */
export const requestTermination = definePlugin({
  name: 'request-termination',
  priority: 2,
  summary: 'Answers requests itself with a status and a message.',
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'grpc', 'grpcs'],
  check: (config) => faultsOf(config),
  create: (config, host) => ({
    access: (exchange): void | Promise<void> => {
      if (config.trigger !== undefined && !isTriggered(exchange.request, config.trigger)) return
      if (config.echo) return echo(exchange, config, host)
      return answer(exchange, config)
    },
  }),
})

const isTriggered = ({ headers, query }: PluginRequest, trigger: string): boolean =>
  headers.has(trigger.toLowerCase()) || hasParameter(query, trigger)

const answer = (exchange: PluginExchange, config: RequestTerminationConfig): void => {
  const { status_code: status, body, content_type } = config
  if (body !== undefined) {
    const headers = content_type === undefined ? [] : ['Content-Type', content_type]
    return exchange.respond({ status, headers, body })
  }
  const message = messageOf(config)
  if (message === undefined) return exchange.respond({ status, body: null })
  return exchange.respond({ status, headers: json, body: JSON.stringify({ message }) })
}

const json = ['Content-Type', 'application/json; charset=utf-8']

const messageOf = ({ message, status_code }: RequestTerminationConfig): string | undefined =>
  message ?? usualMessages[status_code]

const echo = async (
  exchange: PluginExchange,
  config: RequestTerminationConfig,
  host: PluginHost,
): Promise<void> => {
  const { request, captures, route, service } = exchange
  const body = (await request.readBody(echoLimit))?.toString() ?? null
  const [name = '', port] = request.host.split(/:(?=\d+$)/)
  const told = {
    message: messageOf(config),
    kong: { node_id: host.entity.id, worker_pid: process.pid, hostname: hostname() },
    request: {
      scheme: request.scheme,
      host: name,
      port: Number(port ?? (request.scheme === 'https' ? 443 : 80)),
      headers: grouped([...request.headers].map(([field, value]) => [field.toLowerCase(), value])),
      query: grouped([...new URLSearchParams(request.query)]),
      body: parsed(body),
      raw_body: body,
      method: request.method,
      path: request.path,
      uri_captures: captures,
    },
    matched_route: route === null ? null : { id: route.id, name: route.name },
    matched_service: service === null ? null : { id: service.id, name: service.name },
  }
  exchange.respond({ status: config.status_code, headers: json, body: JSON.stringify(told) })
}

/** A list where a name comes more than once, as in Kong. */
const grouped = (pairs: readonly (readonly [string, string])[]): Record<string, unknown> => {
  const values = Map.groupBy(pairs, ([name]) => name)
  return Object.fromEntries(
    [...values].map(([name, all]) => [
      name,
      all.length === 1 ? all[0]?.[1] : all.map(([, v]) => v),
    ]),
  )
}

const parsed = (body: string | null): unknown => {
  try {
    return body === null || body === '' ? null : JSON.parse(body)
  } catch {
    return null
  }
}

const isSet = (text: string | undefined): boolean => text !== undefined && text !== ''

const faultsOf = ({
  message,
  content_type,
  body,
  echo,
}: RequestTerminationConfig): PluginFault[] => {
  const say = (fault: string): PluginFault[] => [{ path: [], message: fault }]
  const isRaw = isSet(content_type) || isSet(body)
  if (isSet(message) && isRaw) return say('message cannot be used with content_type or body')
  if (isSet(content_type) && !isSet(body)) return say('content_type requires a body')
  if (echo && isRaw) return say('echo cannot be used with content_type and body')
  return []
}
