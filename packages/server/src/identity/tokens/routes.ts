import type { Actor } from '../../kernel/actor.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Http } from '../../kernel/http.ts'
import type { Identity } from '../identity.ts'
import type { TokenOwner } from './tokens.ts'

type Deps = {
  http: Http
  identity: Pick<Identity, 'access' | 'tokens' | 'serviceAccounts' | 'providers'>
}

/** API tokens of one's own, of everybody, and of service accounts; the accounts too. */
export const tokenRoutes = ({ http, identity }: Deps): void => {
  const { tokens, access } = identity
  const own = ownerIn(identity.providers.publicUrl)
  const whole = async (ownerId: string) => ({
    ...{ items: await tokens.listOf(ownerId), nextCursor: null },
  })

  http.route('listOwnTokens', ({ actor }) => whole(own(actor).id))
  http.route('createOwnToken', ({ actor, body }) => tokens.create(own(actor), body, actor))
  http.route('rotateOwnToken', ({ actor, params, body }) =>
    tokens.rotate(own(actor), params.token, body, actor),
  )
  http.route('revokeOwnToken', ({ actor, params }) =>
    tokens.revoke(own(actor).id, params.token, actor),
  )
  http.route('listTokens', async ({ query: { owner, ...page } }) => {
    const ownerId = owner === undefined ? null : (await access.findPrincipal(owner)).id
    return tokens.list({ ownerId, ...page })
  })
  http.route('revokeToken', ({ actor, params }) => tokens.revoke(null, params.token, actor))
  serviceAccountRoutes({ http, identity })

  http.route('listServiceAccountTokens', async ({ params }) =>
    whole((await identity.serviceAccounts.find(params.account)).id),
  )
  http.route('createServiceAccountToken', async ({ actor, params, body }) =>
    tokens.create(await identity.serviceAccounts.find(params.account), body, actor),
  )
  http.route('rotateServiceAccountToken', async ({ actor, params, body }) =>
    tokens.rotate(await identity.serviceAccounts.find(params.account), params.token, body, actor),
  )
}

const serviceAccountRoutes = ({ http, identity: { serviceAccounts } }: Deps): void => {
  http.route('listServiceAccounts', async () => ({
    ...{ items: await serviceAccounts.list(), nextCursor: null },
  }))
  http.route('getServiceAccount', ({ params }) => serviceAccounts.get(params.account))
  http.route('createServiceAccount', ({ actor, body }) => serviceAccounts.create(body, actor))
  http.route('updateServiceAccount', ({ actor, params, body }) =>
    serviceAccounts.update(params.account, body, actor),
  )
  http.route('deleteServiceAccount', ({ actor, params }) =>
    serviceAccounts.remove(params.account, actor),
  )
}

/** Users and service accounts have tokens; the command line of the machine has no account. */
const ownerIn =
  (publicUrl: string) =>
  ({ kind, id, name }: Actor): TokenOwner => {
    if (kind === 'user' || kind === 'service_account') return { id, name }
    const hint = `Make one as yourself at ${publicUrl}/account/tokens, or name a service account: --account <name>`
    throw new AppError('forbidden', { message: `${name} has no account of its own` }, { hint })
  }
