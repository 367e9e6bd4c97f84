import type { Static } from 'typebox'
import { challengeOf, fail, isDone, unauthorized } from '../authentication.ts'
import { definePlugin, type PluginExchange, type PluginInstance } from '../plugin.ts'
import { isPassword, nobodysPassword, readBasic } from './credentials.ts'
import { basicAuthSchema } from './schema.ts'

export const basicAuth = definePlugin({
  name: 'basic-auth',
  priority: 1100,
  summary: 'Recognises consumers by name and password.',
  schema: basicAuthSchema,
  scopes: ['service', 'route'],
  protocols: ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'],
  create: (config) => createBasicAuth(config),
})

const createBasicAuth = (config: Static<typeof basicAuthSchema>): PluginInstance => {
  const refusal = unauthorized('Unauthorized', challengeOf('Basic', config.realm))

  const authenticate = (exchange: PluginExchange): boolean => {
    const { headers, proxyAuthorization } = exchange.request
    const authorization = headers.get('authorization')
    if (config.hide_credentials) headers.remove('authorization')
    // The first that names somebody counts, Proxy-Authorization before Authorization.
    for (const value of [proxyAuthorization, authorization]) {
      const given = value === null || value === undefined ? null : readBasic(value)
      if (given === null) continue
      const found = exchange.consumers.credential('basicauth_credentials', given.username)
      if (found === undefined) {
        isPassword(nobodysPassword, given.username, given.password)
        continue
      }
      const { credential, consumer } = found
      if (!isPassword(credential.password, consumer.id, given.password)) return false
      const { id, username } = credential
      exchange.authenticate({ consumer, credential: { id, name: username } })
      return true
    }
    return false
  }

  return {
    access: (exchange) => {
      if (isDone(exchange, config.anonymous)) return
      if (!authenticate(exchange)) fail(exchange, config.anonymous, refusal)
    },
  }
}
