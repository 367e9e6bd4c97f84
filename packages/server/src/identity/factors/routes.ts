import type { Actor } from '../../kernel/actor.ts'
import type { Http } from '../../kernel/http.ts'
import type { Identity } from '../identity.ts'
import { createEntrance, ownId, ownIdInBrowser } from '../people/entrance.ts'

type Deps = { http: Http; identity: Identity }

/** Second factors, passkeys, recovery codes, and proving again who one is. */
export const factorRoutes = ({ http, identity }: Deps): void => {
  signInRoutes({ http, identity })
  ownRoutes({ http, identity })
  policyRoutes({ http, identity })
}

const signInRoutes = ({ http, identity }: Deps): void => {
  const { factors, linkForms } = identity
  const { enter, callerOf } = createEntrance(identity)

  http.route('startPasskey', ({ request }) => {
    const party = factors.partyOf(request)
    factors.budget.spend(request.ip)
    return factors.beginProof(party)
  })
  http.route('createPasskeySession', async (call) => {
    const party = factors.partyOf(call.request)
    return enter(call, await factors.secondStep.byPasskey(call.body, party, callerOf(call)))
  })
  http.route('createSecondFactorSession', async (call) =>
    enter(call, await factors.secondStep.byCode(call.body, callerOf(call))),
  )
  http.route('startLinkPasskey', ({ body, request }) => {
    const party = factors.partyOf(request)
    factors.budget.spend(request.ip)
    return linkForms.startPasskey(body, party)
  })
  http.route('confirmSession', ({ actor, body, request }) =>
    factors.confirm(actor, body, () => factors.partyOf(request)),
  )
}

const ownRoutes = ({ http, identity }: Deps): void => {
  const { own, partyOf } = identity.factors
  const self = (actor: Actor): Actor => {
    ownIdInBrowser(actor)
    return actor
  }

  http.route('getOwnFactors', ({ actor }) => {
    ownId(actor)
    return own.describe(actor)
  })
  http.route('startTotp', ({ actor }) => own.startTotp(self(actor)))
  http.route('confirmTotp', ({ actor, body }) => own.confirmTotp(self(actor), body.code))
  http.route('deleteTotp', ({ actor }) => own.deleteTotp(self(actor)))
  http.route('startOwnPasskey', ({ actor, request }) =>
    own.startPasskey(self(actor), partyOf(request)),
  )
  http.route('createOwnPasskey', ({ actor, body, request }) =>
    own.createPasskey(self(actor), body, partyOf(request)),
  )
  http.route('renameOwnPasskey', ({ actor, params, body }) =>
    own.renamePasskey(self(actor), params.passkey, body.name),
  )
  http.route('deleteOwnPasskey', ({ actor, params }) =>
    own.deletePasskey(self(actor), params.passkey),
  )
  http.route('createRecoveryCodes', ({ actor }) => own.createRecoveryCodes(self(actor)))
}

const policyRoutes = ({ http, identity }: Deps): void => {
  const { factors, people } = identity

  http.route('deleteUserFactors', async ({ actor, params }) =>
    factors.forget(await people.find(params.user), actor),
  )
  http.route('getSignInPolicy', () => factors.policy.get())
  http.route('putSignInPolicy', ({ actor, body }) => factors.policy.put(body, actor))
}
