import type { HeaderList } from '../../proxy/header-list.ts'
import type { GatewayAnswer, PluginExchange, PluginResponse } from '../plugin.ts'
import type { Answer, Changes, Edits } from './messages.ts'

/** Does to the request what `access` wanted. Throws when that is not allowed; some may be done. */
export const changeRequest = (exchange: PluginExchange, changes: Changes): void => {
  edit(exchange.request.headers, changes.requestHeaders)
  edit(exchange.answerHeaders, changes.answerHeaders)
  const { identity, refusal, answer } = changes
  if (identity !== null) identify(exchange, identity)
  if (answer !== null) exchange.respond(gatewayAnswer(answer))
  else if (refusal !== null) {
    exchange.refuse(refusal.status, refusal.message, flat(refusal.headers))
  }
}

/** Does to the answer what `response` wanted. Throws when that is not allowed. */
export const changeResponse = (response: PluginResponse, changes: Changes): void => {
  if (changes.answer !== null) return response.replace(gatewayAnswer(changes.answer))
  edit(response.headers, changes.answerHeaders)
  if (changes.status !== null) response.status = changes.status
}

const identify = (
  exchange: PluginExchange,
  { consumer: name, groups }: NonNullable<Changes['identity']>,
): void => {
  const consumer = name === null ? null : exchange.consumers.find(name)
  if (consumer === undefined) throw new Error(`there is no consumer ${name}`)
  exchange.authenticate({ consumer, credential: null, groups })
}

const edit = (fields: HeaderList, edits: Edits): void => {
  for (const { op, name, value } of edits) {
    allow(name)
    if (op === 'remove') fields.remove(name.toLowerCase())
    else if (op === 'set') fields.set(name, value)
    else fields.add(name, value)
  }
}

const gatewayAnswer = ({ status, headers, body }: Answer): GatewayAnswer => ({
  status,
  headers: flat(headers),
  body: body === null ? null : Buffer.from(body),
})

const flat = (headers: readonly (readonly [string, string])[]): string[] =>
  headers.flatMap(([name, value]) => {
    allow(name)
    return [name, value]
  })

/** They say where a message ends and who is asked: the gateway's business (RFC 9112 6). */
const reserved = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const allow = (name: string): void => {
  if (reserved.has(name.toLowerCase())) throw new Error(`${name} is not a plugin's to change`)
}
