import { createHash } from 'node:crypto'
import type { Credential, GatewayConfig } from '../../config/model.ts'
import { indexConsumers } from '../../proxy/chain/consumers.ts'
import { atOnce } from '../../slices.ts'
import type { PluginExchange, PluginInstance } from '../plugin.ts'
import { testExchange, type AskedExchange, type TestExchange } from './exchange.ts'

/** Who an exchange has turned out to be. */
export type Authenticated = Parameters<PluginExchange['authenticate']>[0]

export type AccessExchange = TestExchange & {
  /** Null as long as nobody was recognised. */
  who: Authenticated | null
}

type People = Pick<GatewayConfig, 'consumers' | 'credentials' | 'acls'>

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
type GivenCredential = Without<Credential, 'id' | 'tags' | 'consumer'>

/** Consumers by user name (which is their id too), with their credentials and groups. */
export const people = (
  given: Record<
    string,
    { customId?: string; credentials?: readonly GivenCredential[]; groups?: readonly string[] }
  >,
): People => ({
  consumers: Object.entries(given).map(([name, { customId }]) => ({
    id: `id-of-${name}`,
    tags: [],
    username: name,
    custom_id: customId ?? null,
  })),
  credentials: Object.entries(given).flatMap(([name, { credentials = [] }]) =>
    credentials.map((credential, index): Credential => ({
      id: `credential-${index + 1}-of-${name}`,
      tags: [],
      consumer: `id-of-${name}`,
      ...credential,
    })),
  ),
  acls: Object.entries(given).flatMap(([name, { groups = [] }]) =>
    groups.map((group) => ({
      id: `${group}-of-${name}`,
      tags: [],
      consumer: `id-of-${name}`,
      group,
    })),
  ),
})

/** As the reader writes plain passwords down. */
export const passwordOf = (name: string, password: string): string =>
  `sha256:${createHash('sha256').update(`id-of-${name}:${password}`).digest('hex')}`

/** A request in a gateway that knows these people. */
export const accessExchange = (given: People, asked: AskedExchange = {}): AccessExchange => {
  const consumers = atOnce(indexConsumers(given))
  const exchange: AccessExchange = Object.assign(testExchange(asked), {
    consumers,
    who: null,
    authenticate: (who: Authenticated) => {
      const own = who.consumer === null ? [] : consumers.groupsOf(who.consumer)
      Object.assign(exchange, {
        who,
        consumer: who.consumer,
        credential: who.credential,
        groups: [...own, ...(who.groups ?? [])],
      })
    },
  })
  return exchange
}

/** Runs the access hook; says who came through, or the status and message of the refusal. */
export const accessOf = async (
  instance: PluginInstance,
  exchange: AccessExchange,
): Promise<string> => {
  await instance.access?.(exchange)
  if (exchange.answer !== null) {
    const { status, body } = exchange.answer
    return typeof body === 'string' ? `${status} ${messageOf(body)}` : String(status)
  }
  if (exchange.who === null) return 'nobody'
  const { consumer, credential } = exchange.who
  return (
    consumer?.username ?? `${credential?.name ?? credential?.id ?? 'nobody'} without a consumer`
  )
}

/** What an answer says: its message, or all of it. */
const messageOf = (body: string): string => {
  const { message } = JSON.parse(body) as { message?: string }
  return message ?? body
}

/** A header of the answer, by its name as it is written. */
export const answerHeader = ({ answer }: TestExchange, name: string): string | undefined => {
  const headers = answer?.headers ?? []
  const at = headers.findIndex((header, index) => index % 2 === 0 && header === name)
  return at === -1 ? undefined : headers[at + 1]
}
