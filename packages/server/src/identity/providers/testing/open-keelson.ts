import type { ProviderSettings } from '@keelson/contract'
import type { LightMyRequestResponse } from 'fastify'
import { localActor } from '../../../kernel/actor.ts'
import { createHttp } from '../../../kernel/http.ts'
import { newId } from '../../../kernel/ids.ts'
import { quietLog } from '../../../kernel/testing/index.ts'
import { peopleRoutes } from '../../people/routes.ts'
import { openIdentity, password } from '../../testing/open-identity.ts'
import { providerRoutes } from '../routes.ts'
import { clientId, clientSecret } from './real-provider.ts'

const host = '127.0.0.1:7070'
const publicUrl = `http://${host}`
export const callbackOf = (provider: string): string => `${publicUrl}/sign-in/${provider}/callback`

/** What keeps cookies for one site. */
class Jar {
  readonly kept = new Map<string, string>()
  take(lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = ''] = line.split(';')
      const at = pair.indexOf('=')
      const isGone = /expires=Thu, 01 Jan 1970/i.test(line) || /max-age=0/i.test(line)
      if (isGone) this.kept.delete(pair.slice(0, at))
      else this.kept.set(pair.slice(0, at), pair.slice(at + 1))
    }
  }
  get header(): string {
    return [...this.kept].map(([name, value]) => `${name}=${value}`).join('; ')
  }
}

export type Answer = LightMyRequestResponse

/** Identity with its routes, and browsers before it. */
export const openKeelson = async (given: { publicUrl?: string; startsAt?: Date } = {}) => {
  const keelson = await openIdentity(given)
  const { identity } = keelson
  const http = await createHttp({
    clock: keelson.clock,
    ...{ log: quietLog, newId, hostNames: ['127.0.0.1', 'localhost'] },
    authenticate: (request) => identity.authenticate(request),
    onDenied: async () => undefined,
  })
  peopleRoutes({ http, identity })
  providerRoutes({ http, identity })

  /** Keeps cookies of Keelson and of providers; `otherSite` leaves the strict ones at home. */
  const openBrowser = () => {
    const own = new Jar()
    const others = new Jar()
    const send = async (
      method: 'GET' | 'POST' | 'PUT' | 'DELETE',
      url: string,
      { body, otherSite = false }: { body?: object; otherSite?: boolean } = {},
    ): Promise<Answer> => {
      const cookie = otherSite ? own.header.replace(/keelson_session=[^;]*(; )?/, '') : own.header
      const answer = await http.app.inject({
        ...{ method, url, headers: { host, cookie, 'user-agent': 'a browser' } },
        ...(body === undefined ? {} : { payload: body }),
      })
      own.take([answer.headers['set-cookie'] ?? []].flat())
      return answer
    }

    /** From the address of a provider to the one it sends back to. */
    const visit = async (address: string): Promise<string> => {
      for (let url = address, hops = 0; hops < 10; hops += 1) {
        if (url.startsWith(publicUrl)) return url.slice(publicUrl.length)
        const answer = await fetch(url, {
          redirect: 'manual',
          headers: { cookie: others.header },
        })
        others.take(answer.headers.getSetCookie())
        const location = answer.headers.get('location')
        if (location === null) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
        url = new URL(location, url).href
      }
      throw new Error('it sends people in circles')
    }

    const start = async (provider: string, query = ''): Promise<string> =>
      String((await send('GET', `/sign-in/${provider}${query}`)).headers.location)

    return {
      ...{ own, others, send, visit, start },
      /** All of a sign-in; where the page goes on, with a problem or a challenge behind the `#`. */
      async signIn(provider: string, query = ''): Promise<string> {
        const back = await visit(await start(provider, query))
        return String((await send('GET', back, { otherSite: true })).headers.location)
      },
      async session(): Promise<Record<string, unknown>> {
        return (await send('GET', '/api/v1/session')).json<Record<string, unknown>>()
      },
      signInByPassword: (name: string) =>
        send('POST', '/api/v1/session', { body: { name, password } }),
    }
  }

  const putProvider = (id: string, issuer: string, more: Partial<ProviderSettings> = {}) =>
    identity.providers.providers.put(
      id,
      {
        ...{ name: 'Corp', issuer, clientId, clientSecret, allowsInternal: true },
        ...{ createsUsers: true, scopes: ['profile', 'email', 'groups'], ...more },
      },
      localActor,
    )

  return {
    ...{ ...keelson, http, openBrowser, putProvider },
    async [Symbol.asyncDispose]() {
      await http.close()
      await keelson[Symbol.asyncDispose]()
    },
  }
}

export type Keelson = Awaited<ReturnType<typeof openKeelson>>
