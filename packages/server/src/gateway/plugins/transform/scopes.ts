import { pairFields } from '../field-changes/pair-fields.ts'
import type { HeaderList } from '../../proxy/header-list.ts'
import type { PluginExchange } from '../plugin.ts'
import { Lookup, type Scope, type Value } from './expression/values.ts'

const requestNames = [
  ...(['method', 'scheme', 'host', 'path', 'query', 'headers'] as const),
  ...(['ip', 'consumer', 'captures'] as const),
]

/** What expressions about requests may name. */
export const namesInRequest: readonly string[] = [...requestNames, 'body']
/** What those about the head of an answer may name, and those about its body. */
export const namesInHead: readonly string[] = ['status', 'headers', 'request']
export const namesInBody: readonly string[] = [...namesInHead, 'body']

type RequestScope = Record<(typeof requestNames)[number], () => Value>

export const requestScope = (exchange: PluginExchange): RequestScope => {
  const { request, consumer, clientIp, captures } = exchange
  return {
    method: () => request.method,
    scheme: () => request.scheme,
    host: () => request.host,
    path: () => request.path,
    query: () => {
      const fields = pairFields(request.query.slice(1))
      return new Lookup((name) => fields.first(name) ?? null)
    },
    headers: () => headerLookup(request.headers),
    ip: () => clientIp,
    consumer: () => {
      if (consumer === null) return null
      const { id, username, custom_id } = consumer
      return { id, username, custom_id }
    },
    captures: () => ({ ...captures }),
  }
}

export const responseScope = (
  exchange: PluginExchange,
  status: number,
  headers: HeaderList,
): Scope => {
  const request = requestScope(exchange)
  return {
    status: () => status,
    headers: () => headerLookup(headers),
    request: () =>
      Object.fromEntries(Object.entries(request).map(([name, read]) => [name, read()])),
  }
}

/** `headers.x_tenant` finds X-Tenant; `headers['X-Tenant']` does, too. */
const headerLookup = (headers: HeaderList): Lookup =>
  new Lookup((name) => {
    const field = name.toLowerCase()
    return headers.joined(field) ?? headers.joined(field.replaceAll('_', '-')) ?? null
  })

/** JSON as what it says, anything else as text. */
export const bodyValue = (body: Buffer, contentType: string | undefined): Value => {
  const text = body.toString('utf8')
  if (contentType?.toLowerCase().includes('json') !== true) return text
  try {
    return JSON.parse(text) as Value
  } catch {
    return text
  }
}
