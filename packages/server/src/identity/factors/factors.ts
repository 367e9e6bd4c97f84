import type { FastifyRequest } from 'fastify'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import type { Keyring } from '../../kernel/keys/index.ts'
import type { Access } from '../access/access.ts'
import type { ChangeRights, RefuseToAsk, RefuseToRise } from '../access/rise.ts'
import type { Challenges } from '../challenges/challenges.ts'
import type { Epoch } from '../epoch/epoch.ts'
import type { Passwords } from '../passwords/hash.ts'
import type { Devices } from '../people/devices.ts'
import type { Links } from '../people/links.ts'
import type { Throttle } from '../people/throttle.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { createBudget } from './budget.ts'
import { createCodes } from './codes.ts'
import { createConfirm } from './confirm.ts'
import { createForgetFactors } from './forget-factors.ts'
import { createLinkPasskeys } from './link-passkeys.ts'
import { createOwnFactors } from './own-factors.ts'
import { createPasskeys } from './passkeys.ts'
import { createSignInPolicy } from './policy.ts'
import { relyingPartyOf, type RelyingParty } from './relying-party.ts'
import { createSecondStep } from './second-step.ts'
import { createTotp } from './totp.ts'

type Deps = {
  db: Db
  clock: Clock
  audit: Audit
  keyring: Keyring
  epoch: Epoch
  access: Access
  sessions: Sessions
  passwords: Passwords
  throttle: Throttle
  challenges: Challenges
  devices: Devices
  links: Links
  refuseToRise: RefuseToRise
  refuseToAsk: RefuseToAsk
  changeRights: ChangeRights
  publicUrl: string
}

export type SecondFactors = ReturnType<typeof createFactors>

/** Authenticator apps, passkeys and recovery codes: having, using and asking for them. */
export const createFactors = (deps: Deps) => {
  const { clock, publicUrl } = deps
  const totp = createTotp(deps)
  const passkeys = createPasskeys(deps)
  const parts = { ...deps, totp, passkeys, codes: createCodes({ ...deps, totp }) }
  const budget = createBudget(clock)

  return {
    secondStep: createSecondStep(parts),
    linkPasskeys: createLinkPasskeys(parts),
    own: createOwnFactors(parts),
    confirm: createConfirm(parts),
    forget: createForgetFactors(parts),
    policy: createSignInPolicy(parts),
    /** Of ceremonies that strangers begin. */
    budget,
    beginProof: (party: RelyingParty) => passkeys.beginProof(party),
    /** Where the browser is. Throws AppError `factor_refused`. */
    partyOf: (request: FastifyRequest) => relyingPartyOf(publicUrl, request),
  }
}
