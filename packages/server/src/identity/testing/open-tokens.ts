import type { NewApiToken } from '@keelson/contract'
import { localActor, type Actor } from '../../kernel/actor.ts'
import { createManualClock } from '../../kernel/testing/index.ts'
import type { Identity } from '../identity.ts'
import { openIdentity, requestWith } from './open-identity.ts'

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs

/** A date as the API takes it, so long after the manual clock's beginning. */
export const after = (ms: number): string =>
  new Date(createManualClock().now().getTime() + ms).toISOString()

/** Who presents this token, from this address. Throws AppError `unauthenticated`. */
export const present = (
  identity: Pick<Identity, 'authenticate'>,
  token: string,
  address = '192.0.2.7',
): Promise<Actor> =>
  identity.authenticate({ ...requestWith({ authorization: `Bearer ${token}` }), ip: address })

/** Identity with the administrator `root`, and tokens of users and service accounts. */
export const openTokens = async () => {
  const keelson = await openIdentity()
  const { identity } = keelson
  await keelson.addPerson('root', 'administrator')
  const enter = async (name: string): Promise<Actor> =>
    keelson.authenticate((await keelson.signIn(name)).token)

  const make = async (owner: string, given: Partial<NewApiToken> = {}, actor?: Actor) => {
    const { id, name, kind } = await identity.access.findPrincipal(owner)
    const maker = actor ?? (kind === 'user' ? await enter(name) : localActor)
    return identity.tokens.create({ id, name }, { name: 'ci', ...given }, maker)
  }

  return {
    ...keelson,
    ...{ enter, make, tokens: identity.tokens, accounts: identity.serviceAccounts },
    root: await enter('root'),
    present: (token: string, address?: string) => present(identity, token, address),
    /** A program by a token of its own that reaches as far as told. */
    async program(name: string, role: string, given: Partial<NewApiToken> = {}): Promise<Actor> {
      await identity.serviceAccounts.create({ name, role }, localActor)
      return present(identity, (await make(name, given)).secret)
    },
  }
}
