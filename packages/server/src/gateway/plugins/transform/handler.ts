import { escapePath, normalizePath } from '../../proxy/router/normalize.ts'
import type { HeaderList } from '../../proxy/header-list.ts'
import { headerFields } from '../field-changes/header-fields.ts'
import { pairFields } from '../field-changes/pair-fields.ts'
import {
  definePlugin,
  type PluginExchange,
  type PluginRequest,
  type PluginResponse,
} from '../plugin.ts'
import { isTrue, textOf, type Scope, type Value } from './expression/values.ts'
import {
  compileTransform,
  faultsOf,
  run,
  type RequestProgram,
  type ResponseProgram,
} from './program.ts'
import { schema } from './schema.ts'
import { bodyValue, requestScope, responseScope } from './scopes.ts'

/** Changes requests and answers by expressions. */
export const transform = definePlugin({
  name: 'transform',
  // After request-transformer (801) and response-transformer (800).
  priority: 799,
  summary: 'Changes requests and answers by expressions over what they hold.',
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https'],
  check: (config) => faultsOf(config),
  create: (config) => {
    const programs = compileTransform(config, ({ error }) => {
      throw error
    })
    const limit = config.max_body_size
    return {
      access: (exchange): void | Promise<void> => {
        const { request } = exchange
        const { readsBody } = programs.request
        if (!readsBody || request.bodyLength === 0) {
          return changeRequest(exchange, programs.request, null)
        }
        return request
          .readBody(limit)
          .then((body) =>
            changeRequest(
              exchange,
              programs.request,
              body === null ? null : bodyValue(body, request.headers.get('content-type')),
            ),
          )
      },
      response: (exchange, response) =>
        changeResponse(exchange, response, programs.response, limit),
    }
  },
})

const changeRequest = (exchange: PluginExchange, program: RequestProgram, body: Value): void => {
  const { request } = exchange
  const scope: Scope = { ...requestScope(exchange), body: () => body }
  if (program.when !== null && !isTrue(run(program.when, scope))) return
  // All results first: none of the expressions sees what another one has changed.
  const method = program.method === null ? null : run(program.method, scope)
  const path = program.path === null ? null : run(program.path, scope)
  const query = program.query.map(([name, value]) => [name, run(value, scope)] as const)
  const headers = program.headers.map(([name, value]) => [name, run(value, scope)] as const)
  const changed = program.body === null ? null : run(program.body, scope)
  if (typeof method === 'string' && /^[A-Z]{1,32}$/.test(method)) request.method = method
  if (typeof path === 'string' && path !== '') request.upstreamPath = pathOf(path)
  changeQuery(request, query)
  if (changed !== null) setBody(request, changed)
  changeHeaders(request.headers, headers)
}

const pathOf = (text: string): string => {
  const path = normalizePath(text.startsWith('/') ? text : `/${text}`)
  return escapePath(path).replaceAll('?', '%3F').replaceAll('#', '%23')
}

type Changed = readonly (readonly [name: string, value: Value])[]

const changeQuery = (request: PluginRequest, changed: Changed): void => {
  if (changed.length === 0) return
  const fields = pairFields(request.upstreamQuery.slice(1))
  for (const [name, value] of changed) {
    if (value === null) fields.remove(name)
    else fields.set(name, textOf(value))
  }
  const query = fields.toString()
  request.upstreamQuery = query === '' ? '' : `?${query}`
}

const changeHeaders = (headers: HeaderList, changed: Changed): void => {
  const fields = headerFields(headers)
  for (const [name, value] of changed) {
    if (value === null) fields.remove(name)
    else fields.set(name, textOf(value))
  }
}

const setBody = (request: PluginRequest, value: Value): void => {
  if (typeof value !== 'string') request.headers.set('Content-Type', 'application/json')
  request.setBody(Buffer.from(textOf(value)))
}

const changeResponse = (
  exchange: PluginExchange,
  response: PluginResponse,
  program: ResponseProgram,
  limit: number,
): void => {
  const { headers } = response
  const scope = responseScope(exchange, response.status, headers.copy())
  if (program.when !== null && !isTrue(run(program.when, scope))) return
  const type = headers.get('content-type')
  const status = program.status === null ? null : run(program.status, scope)
  const changed = program.headers.map(([name, value]) => [name, run(value, scope)] as const)
  if (isStatus(status)) response.status = status
  changeHeaders(headers, changed)
  const { body } = program
  if (body === null || headers.has('content-encoding')) return
  response.changeBody(limit, (bytes) => {
    const value = run(body, { ...scope, body: () => bodyValue(bytes, type) })
    return value === null ? bytes : Buffer.from(textOf(value))
  })
}

const isStatus = (value: Value): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 200 && value <= 599
