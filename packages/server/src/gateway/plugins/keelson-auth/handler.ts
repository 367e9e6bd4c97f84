import type { Static } from 'typebox'
import { messageOf } from '../../../kernel/errors.ts'
import {
  afterScheme,
  challengeOf,
  fail,
  isDone,
  several,
  single,
  unauthorized,
} from '../authentication.ts'
import { fieldValue } from '../field-value.ts'
import {
  definePlugin,
  type PluginExchange,
  type PluginHost,
  type PluginInstance,
  type PluginRequest,
} from '../plugin.ts'
import { maySessionVouch } from './own-page.ts'
import { createPlatform, type Proof, type Verdict } from './platform.ts'
import { keelsonAuthSchema } from './schema.ts'

export const keelsonAuth = definePlugin({
  name: 'keelson-auth',
  priority: 1240,
  summary: 'Lets users, service accounts and services of Keelson through, and says who they are.',
  schema: keelsonAuthSchema,
  scopes: ['service', 'route'],
  protocols: ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'],
  create: (config, host) => createKeelsonAuth(config, host),
})

/** The field by which a service is told; whoever sends it from outside finds it gone. */
const identityField = 'X-Keelson-Identity'
const userField = 'X-Keelson-User'
const unavailable = { status: 503, message: 'Who asks cannot be found out now', headers: [] }
const foreign = {
  status: 403,
  message: 'The session vouches for this to pages of this origin only',
  headers: [],
}
const ambiguous = {
  status: 400,
  message: 'The header authorization is there more than once',
  headers: [],
}

const createKeelsonAuth = (
  config: Static<typeof keelsonAuthSchema>,
  host: PluginHost,
): PluginInstance => {
  const { anonymous, permission } = config
  const challenge = challengeOf('Bearer', config.realm)
  const missing = unauthorized('Nobody is signed in', challenge)
  const { platform, stack } = host
  if (platform === undefined) throw new Error('there is no platform to ask who somebody is')
  const ask = createPlatform(platform, host.clock)

  const proofOf = (request: PluginRequest, authorization: string | undefined): Proof | null => {
    if (authorization !== undefined && afterScheme(authorization, 'bearer') !== null) {
      return { authorization }
    }
    const cookie = config.cookies ? request.platformCookie : null
    return cookie === null ? null : { cookie }
  }

  const objectOf = ({ service }: PluginExchange): string => {
    if (config.object !== null) return config.object
    if (stack === undefined || service === null) return 'gateway'
    return `service:${stack}/${service.host}`
  }

  const tell = (exchange: PluginExchange, verdict: Verdict, proof: Proof): void => {
    if (verdict.kind === 'refused') {
      const { status, message } = verdict
      const refusal = status === 401 ? unauthorized(message, challenge) : { status, message }
      return fail(exchange, anonymous, { headers: [], ...refusal })
    }
    const { actor, token } = verdict.assertion
    const { headers } = exchange.request
    if (config.hide_credentials && 'authorization' in proof) headers.remove('authorization')
    headers.set(identityField, token)
    headers.set(userField, fieldValue(actor.name))
    exchange.authenticate({
      consumer: null,
      credential: { id: `${actor.kind}:${actor.id}`, name: actor.name },
    })
  }

  const recognise = async (exchange: PluginExchange, proof: Proof): Promise<void> => {
    try {
      const asked = { object: objectOf(exchange), permission, address: exchange.clientIp }
      tell(exchange, await ask(proof, asked), proof)
    } catch (error) {
      host.log.warn({ reason: messageOf(error) }, 'the platform does not say who somebody is')
      fail(exchange, null, unavailable)
    }
  }

  return {
    access: (exchange) => {
      const { request } = exchange
      const { headers, method } = request
      for (const name of [identityField, userField]) headers.remove(name.toLowerCase())
      if (!config.run_on_preflight && method === 'OPTIONS') return undefined
      if (isDone(exchange, anonymous)) return undefined
      const authorization = single(headers, 'authorization')
      // Not for a guest either: the service could read the other one, and would see both.
      if (authorization === several) return fail(exchange, null, ambiguous)
      const proof = proofOf(request, authorization)
      if (proof === null) return fail(exchange, anonymous, missing)
      if ('cookie' in proof && !maySessionVouch(request)) return fail(exchange, anonymous, foreign)
      return recognise(exchange, proof)
    },
  }
}
