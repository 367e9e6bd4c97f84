import { createHash, randomBytes } from 'node:crypto'
import type { Static } from 'typebox'
import type { HeaderList } from '../../proxy/header-list.ts'
import { noteGroups, notedGroups } from '../authentication.ts'
import { dropCookie } from '../cookies.ts'
import { fieldValue } from '../field-value.ts'
import {
  definePlugin,
  type PluginExchange,
  type PluginFault,
  type PluginHost,
  type PluginInstance,
} from '../plugin.ts'
import { processSecret } from '../sealed.ts'
import { remaining, renewed } from './lifetime.ts'
import { isLogout } from './logout.ts'
import { sessionHeaders, sessionSchema } from './schema.ts'
import { createSessionCookie, type Session } from './session-cookie.ts'
import { settingsOf } from './settings.ts'

type SessionConfig = Static<typeof sessionSchema>

export const session = definePlugin({
  name: 'session',
  priority: 1900,
  summary: 'Remembers who has authenticated, in an encrypted cookie.',
  schema: sessionSchema,
  scopes: ['service', 'route'],
  protocols: ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'],
  check: (config) => faultsOf(config),
  create: (config, host) => createSession(config, host),
})

const faultsOf = ({ storage, store_metadata }: SessionConfig): readonly PluginFault[] => {
  const faults: PluginFault[] = []
  if (storage === 'kong') {
    faults.push({ path: ['storage'], message: 'kong needs a database; use cookie' })
  }
  if (store_metadata) faults.push({ path: ['store_metadata'], message: 'needs a database' })
  return faults
}

/** The session that a request came with. */
const sessionNote = Symbol('session')

type HeaderNames = readonly (typeof sessionHeaders)[number][] | null

const createSession = (config: SessionConfig, host: PluginHost): PluginInstance => {
  const { attributes, limits, rememberLimits, remember } = settingsOf(config)
  const secret = config.secret ?? host.secret ?? processSecret
  const { audience } = config
  const cookie = createSessionCookie(
    { name: config.cookie_name, audience, secret, attributes, persistent: false },
    limits,
  )
  const remembered = createSessionCookie(
    { name: config.remember_cookie_name, audience, secret, attributes, persistent: true },
    rememberLimits,
  )
  const cookieNames = remember ? [cookie.name, remembered.name] : [cookie.name]
  const nowSeconds = (): number => Math.floor(host.clock.now().getTime() / 1000)

  const write = async (session: Session, answer: HeaderList, now: number): Promise<void> => {
    answer.add('Set-Cookie', await cookie.write(session, now))
    if (remember) answer.add('Set-Cookie', await remembered.write(session, now))
  }

  const drop = (answer: HeaderList): void => {
    for (const name of cookieNames) answer.add('Set-Cookie', dropCookie(name, attributes))
  }

  /** The session of a request, with a fresh one from the lasting cookie if need be. */
  const read = async (cookies: ReadonlyMap<string, string>, now: number) => {
    const current = await cookie.read(cookies, now)
    if (current !== null) return { current, renewal: renewed(current, limits, now) }
    const lasting = remember ? await remembered.read(cookies, now) : null
    if (lasting === null) return null
    return { current: lasting, renewal: { created: lasting.created, rolled: now, used: now } }
  }

  const tell = (headers: HeaderList, names: HeaderNames, session: Session, now: number): void => {
    for (const name of names ?? []) {
      headers.set(headerName(name), fieldValue(headerValue(name, session, now)))
    }
  }

  const headerValue = (
    name: (typeof sessionHeaders)[number],
    session: Session,
    now: number,
  ): string => {
    const left = remaining(session, limits, now)
    switch (name) {
      case 'id':
        return session.id
      case 'audience':
        return audience
      case 'subject':
        return config.hash_subject ? hashOf(session.subject) : session.subject
      case 'timeout':
        return secondsOf(left.all)
      case 'idling-timeout':
        return secondsOf(left.idling)
      case 'rolling-timeout':
        return secondsOf(left.rolling)
      case 'absolute-timeout':
        return secondsOf(left.absolute)
    }
  }

  const resume = async (exchange: PluginExchange): Promise<void> => {
    const now = nowSeconds()
    const found = await read(exchange.request.cookies, now)
    if (found === null) return
    if (await isLogout(exchange.request, config)) {
      drop(exchange.answerHeaders)
      exchange.respond({ status: 200, body: null })
      return
    }
    const consumer = exchange.consumers.find(found.current.consumer)
    if (consumer === undefined || consumer.id !== found.current.consumer) {
      drop(exchange.answerHeaders)
      return
    }
    const current = { ...found.current, ...found.renewal }
    if (found.renewal !== null) await write(current, exchange.answerHeaders, now)
    tell(exchange.request.headers, config.request_headers, current, now)
    tell(exchange.answerHeaders, config.response_headers, current, now)
    exchange.notes.set(sessionNote, current)
    const { credential, groups } = current
    exchange.authenticate({
      consumer,
      credential: { id: credential, name: credential },
      ...(groups === null ? {} : { groups }),
    })
    if (groups === null) return
    noteGroups(exchange, groups)
    exchange.request.headers.set('X-Authenticated-Groups', fieldValue(groups.join(', ')))
  }

  const begin = async (
    exchange: PluginExchange,
    who: { consumer: string; credential: string; subject: string },
    answer: HeaderList,
  ): Promise<void> => {
    const now = nowSeconds()
    const begun: Session = {
      ...who,
      id: randomBytes(16).toString('base64url'),
      groups: copyOf(notedGroups(exchange)),
      created: now,
      rolled: now,
      used: now,
    }
    await write(begun, answer, now)
    tell(answer, config.response_headers, begun, now)
  }

  return {
    access: (exchange) => {
      const { headers, cookies } = exchange.request
      headers.remove('x-authenticated-groups')
      for (const name of config.request_headers ?? [])
        headers.remove(headerName(name).toLowerCase())
      return cookieNames.some((name) => cookies.has(name)) ? resume(exchange) : undefined
    },
    response: (exchange, response) => {
      const { consumer, credential } = exchange
      // Nobody, or somebody anonymous, is not worth remembering.
      if (consumer === null || credential === null) return undefined
      const current = exchange.notes.get(sessionNote) as Session | undefined
      if (current?.consumer === consumer.id && current.credential === credential.id)
        return undefined
      const subject = consumer.username ?? consumer.custom_id ?? consumer.id
      const who = { consumer: consumer.id, credential: credential.id, subject }
      return begin(exchange, who, response.headers)
    },
  }
}

/** `idling-timeout` → `Session-Idling-Timeout`. */
const headerName = (name: string): string =>
  `Session-${name.replace(/(^|-)([a-z])/g, (letters) => letters.toUpperCase())}`

const secondsOf = (left: number): string =>
  String(Number.isFinite(left) ? Math.max(Math.floor(left), 0) : 0)

const hashOf = (subject: string): string => createHash('sha256').update(subject).digest('base64url')

const copyOf = (groups: readonly string[] | null): string[] | null =>
  groups === null ? null : [...groups]
