import { definePlugin, type PluginExchange, type PluginFault } from '../plugin.ts'
import type { Fault } from './compile-schema.ts'
import { rulesOf, type Rules } from './rules.ts'
import { schema, type RequestValidationConfig } from './schema.ts'
import { validateBody, validateParameters } from './validate.ts'

/** Refuses requests that are not as schemas or an OpenAPI document say. */
export const requestValidation = definePlugin({
  name: 'request-validation',
  priority: 802,
  summary: 'Checks requests against JSON Schemas or an OpenAPI document.',
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https'],
  check: (config) => faultsOf(config),
  create: (config) => {
    const find = rulesOf(config)
    const check = async (exchange: PluginExchange, rules: Rules, faults: readonly Fault[]) => {
      const { request } = exchange
      const refusal =
        rules.body === null ? null : await validateBody(request, rules.body, config.max_body_size)
      const all = [...faults, ...(refusal?.faults ?? [])]
      if (all.length > 0) refuse(exchange, refusal?.status ?? 400, config.list_faults ? all : [])
    }
    return {
      access: (exchange): void | Promise<void> => {
        const { request } = exchange
        const found = find(request.method, request.path)
        if (found === null) return
        if ('refused' in found) return refuseOperation(exchange, found.refused, found.allowed)
        const faults = validateParameters(request, found.path, found.rules)
        if (found.rules.body !== null) return check(exchange, found.rules, faults)
        if (faults.length > 0) refuse(exchange, 400, config.list_faults ? faults : [])
      },
    }
  },
})

const messages = {
  400: 'The request is not valid',
  413: 'The request is too large',
  415: 'The media type of the request is not supported',
} as const

const refuse = (
  exchange: PluginExchange,
  status: keyof typeof messages,
  faults: readonly Fault[],
): void => {
  const told = {
    message: messages[status],
    ...(faults.length === 0 ? {} : { faults }),
    request_id: exchange.requestId,
  }
  const headers = ['Content-Type', 'application/json; charset=utf-8']
  exchange.respond({ status, headers, body: JSON.stringify(told) })
}

const refuseOperation = (
  exchange: PluginExchange,
  status: 404 | 405,
  allowed: readonly string[],
): void =>
  status === 404
    ? exchange.refuse(404, 'No such path in the API')
    : exchange.refuse(405, 'Method not allowed', ['Allow', allowed.join(', ')])

const sources = [
  ...(['body_schema', 'query_schema', 'header_schema'] as const),
  ...(['openapi', 'openapi_file'] as const),
]

const faultsOf = (config: RequestValidationConfig): PluginFault[] => {
  const given = sources.filter((field) => config[field] !== undefined)
  const say = (path: string[], message: string): PluginFault[] => [{ path, message }]
  if (given.length === 0) return say([], `at least one of ${sources.join(', ')} must be given`)
  const document = given.find((field) => field.startsWith('openapi'))
  if (document !== undefined && given.length > 1) {
    return say([document], `cannot be used with ${given.filter((one) => one !== document).join()}`)
  }
  try {
    rulesOf(config)
    return []
  } catch (error) {
    return say([given[0] ?? ''], error instanceof Error ? error.message : String(error))
  }
}
