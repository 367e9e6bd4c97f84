import type { Db } from '../../kernel/db.ts'
import type { Http } from '../../kernel/http.ts'
import type { Keyring } from '../../kernel/keys/index.ts'
import type { Log } from '../../kernel/log.ts'
import type { Access } from '../access/access.ts'
import type { ChangeRights, RefuseToGive } from '../access/rise.ts'
import type { Challenges } from '../challenges/challenges.ts'
import type { FinishFirstFactor } from '../factors/second-step.ts'
import type { AccountDeps } from './accounts.ts'
import { mapBrowserRoutes } from './browser-routes.ts'
import { createEntry } from './entry.ts'
import { createIdentities } from './identities.ts'
import { createProviders } from './providers.ts'
import { createRelyingParty } from './relying-party.ts'
import { createTrips } from './trips.ts'

type Deps = AccountDeps & {
  db: Db
  log: Log
  keyring: Keyring
  publicUrl: string
  access: Access
  changeRights: ChangeRights
  refuseToGive: RefuseToGive
  challenges: Challenges
  finishFirstFactor: FinishFirstFactor
}

/** Sign-in by OpenID Connect: ADR 0024. */
export const createSignInByProvider = (deps: Deps) => {
  const relyingParty = createRelyingParty(deps.clock)
  const trips = createTrips({ ...deps, relyingParty })
  const parts = { ...deps, relyingParty, trips }
  const entry = createEntry(parts)
  const identities = createIdentities(parts)
  const { log, publicUrl } = deps
  return {
    ...{ providers: createProviders(parts), identities, publicUrl },
    mapBrowser: (http: Http) =>
      mapBrowserRoutes({ http, log, publicUrl, entry, identities, trips }),
  }
}
