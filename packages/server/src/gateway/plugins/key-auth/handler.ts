import type { Static } from 'typebox'
import {
  challengeOf,
  fail,
  isDone,
  several,
  single,
  unauthorized,
  type Refusal,
} from '../authentication.ts'
import { definePlugin, type PluginExchange, type PluginInstance } from '../plugin.ts'
import { hasParameter, parameterValues, withoutParameter } from '../query.ts'
import { readFields, type BodyFields } from '../body-fields.ts'
import { keyAuthSchema } from './schema.ts'

export const keyAuth = definePlugin({
  name: 'key-auth',
  priority: 1250,
  summary: 'Recognises consumers by a key in a header, the query or the body.',
  schema: keyAuthSchema,
  scopes: ['service', 'route'],
  protocols: ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'],
  create: (config) => createKeyAuth(config),
})

/** One of `key_names`, in the forms in which it is looked for. */
type KeyName = {
  name: string
  header: string
  /** With dashes for underscores: gateways and servers take one for the other. */
  dashed: string | null
}

const createKeyAuth = (config: Static<typeof keyAuthSchema>): PluginInstance => {
  const { anonymous, key_in_header, key_in_query, key_in_body, hide_credentials } = config
  const names = config.key_names.map(keyName)
  const challenge = challengeOf('Key', config.realm)
  const missing = unauthorized('No API key found in request', challenge)
  const duplicate = unauthorized('Duplicate API key found', challenge)
  const unknown = unauthorized('Unauthorized', challenge)

  const inHead = (exchange: PluginExchange, { name, header, dashed }: KeyName) => {
    const { headers, query } = exchange.request
    if (key_in_header) {
      const value =
        single(headers, header) ?? (dashed === null ? undefined : single(headers, dashed))
      if (value !== undefined) return value
    }
    if (!key_in_query || query === '') return undefined
    const values = parameterValues(query, name)
    return values.length > 1 ? several : values[0]
  }

  const hide = (exchange: PluginExchange, { name, header, dashed }: KeyName): void => {
    const { request } = exchange
    request.headers.remove(header)
    if (dashed !== null) request.headers.remove(dashed)
    if (hasParameter(request.upstreamQuery, name)) {
      request.upstreamQuery = withoutParameter(request.upstreamQuery, name)
    }
  }

  const recognise = (exchange: PluginExchange, key: string | typeof several | undefined): void => {
    const refusal = refusalOf(exchange, key)
    if (refusal !== null) fail(exchange, anonymous, refusal)
  }

  const refusalOf = (
    exchange: PluginExchange,
    key: string | typeof several | undefined,
  ): Refusal | null => {
    if (key === several) return duplicate
    if (key === undefined || key === '') return missing
    const found = exchange.consumers.credential('keyauth_credentials', key)
    if (found === undefined) return unknown
    const { id } = found.credential
    exchange.authenticate({ consumer: found.consumer, credential: { id, name: id } })
    return null
  }

  const withBody = async (exchange: PluginExchange): Promise<void> => {
    const fields = await readFields(exchange.request)
    for (const each of names) {
      const key = inHead(exchange, each) ?? fields?.get(each.name)
      if (key === undefined) continue
      if (typeof key === 'string' && hide_credentials) {
        hide(exchange, each)
        await hideInBody(exchange, fields, each.name)
      }
      recognise(exchange, key)
      return
    }
    recognise(exchange, undefined)
  }

  return {
    access: (exchange) => {
      if (!config.run_on_preflight && exchange.request.method === 'OPTIONS') return undefined
      if (isDone(exchange, anonymous)) return undefined
      if (key_in_body && exchange.request.bodyLength !== 0) return withBody(exchange)
      for (const each of names) {
        const key = inHead(exchange, each)
        if (key === undefined) continue
        if (hide_credentials && typeof key === 'string') hide(exchange, each)
        recognise(exchange, key)
        return undefined
      }
      recognise(exchange, undefined)
      return undefined
    },
  }
}

const hideInBody = async (
  { request }: PluginExchange,
  fields: BodyFields | null,
  name: string,
): Promise<void> => {
  if (fields === null || fields.get(name) === undefined) return
  const { body, contentType } = await fields.without(name)
  if (contentType !== null) request.headers.set('Content-Type', contentType)
  request.setBody(body)
}

const keyName = (name: string): KeyName => {
  const header = name.toLowerCase()
  return { name, header, dashed: header.includes('_') ? header.replaceAll('_', '-') : null }
}
