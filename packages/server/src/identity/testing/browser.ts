import { createHttp } from '../../kernel/http.ts'
import { newId } from '../../kernel/ids.ts'
import { quietLog } from '../../kernel/testing/index.ts'
import { factorRoutes } from '../factors/routes.ts'
import { peopleRoutes } from '../people/routes.ts'
import { openIdentity } from './open-identity.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** The routes of people and factors with a browser before them, which keeps its cookies. */
export const openBrowser = async ({
  host = 'localhost:7070',
  ...options
}: { host?: string; startsAt?: Date } = {}) => {
  const keelson = await openIdentity(options)
  const { identity } = keelson
  const http = await createHttp({
    ...{ clock: keelson.clock, log: quietLog, newId, hostNames: ['localhost', '127.0.0.1'] },
    authenticate: (request) => identity.authenticate(request),
    onDenied: async () => undefined,
  })
  // An injected request came in nowhere.
  http.app.addHook('onRequest', async ({ socket }) => {
    if (socket.localPort === undefined) Object.assign(socket, { localPort: 7070 })
  })
  peopleRoutes({ http, identity })
  factorRoutes({ http, identity })
  const cookies = new Map<string, string>()
  const send = async (method: Method, path: string, body?: object) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await http.app.inject({
      ...{ method, url: `/api/v1/${path}`, headers: { host, cookie } },
      ...(body === undefined ? {} : { payload: body }),
    })
    for (const { name, value, expires } of answer.cookies) {
      if (expires !== undefined && expires.getTime() < Date.parse('2000-01-01'))
        cookies.delete(name)
      else cookies.set(name, value)
    }
    return answer
  }
  return {
    ...{ keelson, identity, http, send, cookies },
    async [Symbol.asyncDispose]() {
      await http.close()
      await keelson[Symbol.asyncDispose]()
    },
  }
}
