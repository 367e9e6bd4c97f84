import type { Actor } from '../../kernel/actor.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Http } from '../../kernel/http.ts'
import type { Identity } from '../identity.ts'
import { keepTrip } from './browser-routes.ts'

type Deps = { http: Http; identity: Pick<Identity, 'providers'> }

/** Providers, one's own accounts at them, and the way of a browser to one and back. */
export const providerRoutes = ({ http, identity }: Deps): void => {
  const { providers, identities, mapBrowser, publicUrl } = identity.providers
  const whole = <T>(items: T[]) => ({ items, nextCursor: null })

  http.route('listProviders', async () => whole(await providers.list()))
  http.route('putProvider', ({ actor, params, body }) =>
    providers.put(params.provider, body, actor),
  )
  http.route('deleteProvider', ({ actor, params }) => providers.remove(params.provider, actor))
  http.route('listOwnIdentities', async ({ actor }) => whole(await identities.list(ownId(actor))))
  http.route('linkOwnIdentity', async ({ actor, params, request, reply }) => {
    ownId(actor)
    if (request.host !== new URL(publicUrl).host) {
      const message = `Do it at ${publicUrl}, where the provider sends people back to`
      throw new AppError('bad_request', { message })
    }
    const { url, token } = await identities.begin(params.provider, actor)
    keepTrip(request, reply, token)
    return { url }
  })
  http.route('finishOwnIdentity', ({ actor, body }) => {
    ownId(actor)
    return identities.finish(body.challenge, actor)
  })
  http.route('unlinkOwnIdentity', ({ actor, params }) => {
    ownId(actor)
    return identities.unlink(params.provider, actor)
  })
  mapBrowser(http)
}

const ownId = (actor: Actor): string => {
  if (actor.kind === 'user') return actor.id
  throw new AppError('forbidden', { message: `${actor.name} has no account: sign in as a user` })
}
