import { objectName, parseObject } from '@keelson/contract'
import { AppError } from '../kernel/errors.ts'
import type { Http } from '../kernel/http.ts'
import { isLoopback } from '../kernel/loopback.ts'
import { forbidden } from '../kernel/object-check.ts'
import type { Identity } from '../identity/index.ts'
import { knownObject, type Registry } from '../registry/index.ts'

type Deps = { http: Http; identity: Identity; registry: Registry }

/**
 * Whoever asks proves who they are as everywhere; the answer is for a service, and short-lived. The
 * gateway asks from this machine for clients elsewhere: the credential has to be good there as well, and
 * where nobody of this machine says where that is, one that is bound to networks is not. A service
 * that is told who somebody is does for them what it will: one with scopes is good where these name
 * what is asked for, or, where nothing is, the account itself.
 */
export const assertionRoute = ({ http, identity, registry }: Deps): void => {
  http.route('createAssertion', async ({ actor: asking, body, request }) => {
    if (asking.kind === 'anonymous') throw new AppError('unauthenticated')
    const client = isLoopback(request.ip.replace(/^::ffff:/i, '')) ? (body.address ?? null) : null
    const actor = await identity.authenticate(request, client)
    if (actor.factorNeeded) throw new AppError('factor_required')
    const parsed = parseObject(body.object)
    if (parsed === undefined) {
      throw new AppError('bad_request', { message: `${body.object} is no object` })
    }
    const object = knownObject(registry, parsed)
    const { permission } = body
    const { scopes } = actor.origin
    const named = permission ?? 'account:own'
    if (scopes?.includes(named) === false || !actor.may(named, object)) {
      throw forbidden(named, object)
    }
    return identity.oauth.assert(actor, objectName(object))
  })
}
