import { timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { anonymous, localActor, systemActor, type Actor, type Origin } from '../kernel/actor.ts'
import type { Audit } from '../kernel/audit/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import { AppError } from '../kernel/errors.ts'
import type { Keyring } from '../kernel/keys/index.ts'
import type { Log, Secret } from '../kernel/log.ts'
import { cookieNames } from '../kernel/session-cookie.ts'
import { createAccess } from './access/access.ts'
import { createExplain } from './access/explain.ts'
import { createGrants } from './access/grants.ts'
import { createRise } from './access/rise.ts'
import { createRoles } from './access/roles.ts'
import { createTeams } from './access/teams.ts'
import { createServiceAccounts } from './accounts/service-accounts.ts'
import { createChallenges } from './challenges/challenges.ts'
import { createEpoch } from './epoch/epoch.ts'
import { createFactors } from './factors/factors.ts'
import { digestOf } from './one-time.ts'
import { createOAuth } from './oauth/oauth.ts'
import { withClients } from './oauth/with-clients.ts'
import { createPasswords } from './passwords/hash.ts'
import { createAccount } from './people/account.ts'
import { createDevices } from './people/devices.ts'
import { createLinkForms } from './people/link-forms.ts'
import { createLinks } from './people/links.ts'
import { createPeople } from './people/people.ts'
import { readSetupFile } from './people/setup-file.ts'
import { createSignIn } from './people/sign-in.ts'
import { createThrottle } from './people/throttle.ts'
import type { Principal } from './principal.ts'
import { createSignInByProvider } from './providers/sign-in-by-provider.ts'
import { isCommandLine } from './sessions/device.ts'
import { createSessions } from './sessions/sessions.ts'
import { createTokenCheck } from './tokens/check.ts'
import { createApiTokens } from './tokens/tokens.ts'

/** A kind of token that a request may bring in its Authorization header. */
export type Bearer = {
  isOne(token: string): boolean
  /** Null: not valid, or no more. */
  authenticate(token: string, origin: Seen): Promise<Principal | null>
}

export type Identity = ReturnType<typeof createIdentity>

type IdentityDeps = {
  db: Db
  clock: Clock
  log: Log
  audit: Audit
  keyring: Keyring
  /** Of the command line on this machine. */
  localToken: Secret
  /** Where people reach the page; without a slash at its end. */
  publicUrl: string
  /** Where they do before there was an administrator: on this machine. */
  localUrl?: string
}

/** Who asks, and what they may do. Everything behind it sees an Actor and nothing of this. */
export const createIdentity = (deps: IdentityDeps) => {
  const { db, clock, log, audit, localToken } = deps
  const epoch = createEpoch({ db, clock })
  const access = createAccess({ db, clock, epoch, audit })
  const tokenCheck = createTokenCheck({ ...deps, epoch })
  const oauth = createOAuth({ ...deps, epoch, apiTokens: tokenCheck })
  const sessions = withClients(createSessions({ ...deps, epoch }), oauth.families)
  const passwords = createPasswords()
  const throttle = createThrottle(clock)
  const links = createLinks(deps)
  const challenges = createChallenges(deps)
  const parts = {
    ...{ ...deps, epoch, access, sessions, passwords, throttle, links, challenges },
    ...createRise({ access, clock }),
  }
  const teams = createTeams(parts)
  const people = createPeople(parts)
  const account = createAccount(parts)
  const devices = createDevices(deps)
  const factors = createFactors({ ...parts, devices })
  const { secondStep, linkPasskeys } = factors
  const { finishFirstFactor } = secondStep
  const linkForms = createLinkForms({ ...parts, devices, linkPasskeys, finishFirstFactor })
  const signIn = createSignIn({ ...parts, devices, finishFirstFactor })
  const localDigest = digestOf(localToken.reveal())

  /** Asked in this order; at most one knows a token by its shape. */
  const bearers: readonly Bearer[] = [tokenCheck, oauth.accessTokens]

  const byBearer = async (token: string, origin: Seen, via: Via): Promise<Actor> => {
    if (timingSafeEqual(digestOf(token), localDigest)) {
      return { ...localActor, origin: { ...localActor.origin, ...origin, via: 'cli' } }
    }
    await epoch.settled()
    const principal = await bearers.find((one) => one.isOne(token))?.authenticate(token, origin)
    if (principal != null) return access.actorOf(principal, { ...origin, via })
    throw new AppError(
      'unauthenticated',
      { message: 'This token is not valid' },
      { hint: otherToken },
    )
  }

  const bySession = async (token: string, origin: Seen): Promise<Actor | null> => {
    await epoch.settled()
    const principal = await sessions.authenticate(token)
    return principal === null ? null : access.actorOf(principal, { ...origin, via: 'page' })
  }

  /** Of two people at once one was planted, and what is done would be done as the wrong one. */
  const byCookies = async (tokens: readonly string[], origin: Seen): Promise<Actor | null> => {
    let found: Actor | null = null
    for (const token of tokens) {
      const actor = await bySession(token, origin)
      if (found !== null && actor !== null && actor.id !== found.id) {
        const message = 'This browser sends sessions of two people: clear its cookies of this site'
        throw new AppError('unauthenticated', { message })
      }
      found ??= actor
    }
    return found
  }

  return {
    ...{ roles: createRoles(parts), teams, grants: createGrants({ ...parts, teams }) },
    explain: createExplain(parts),
    providers: createSignInByProvider({ ...parts, finishFirstFactor }),
    ...{ tokens: createApiTokens(parts), serviceAccounts: createServiceAccounts(parts) },
    factors,
    ...{ access, sessions, people, account, links, linkForms, signIn, bySession, oauth },

    onRightsChange: (listener: () => void) => epoch.afterChange(listener),

    isSetUp: () => access.isSetUp(db),

    /** Creates the administrator from `setupFile` if there was none yet. Throws AppError `env_invalid`. */
    async start(setupFile: string | undefined): Promise<void> {
      await epoch.start()
      await oauth.start()
      if (setupFile === undefined || (await access.isSetUp(db))) return
      await linkForms.setUpUnattended(await readSetupFile(setupFile), systemActor)
      log.info({ file: setupFile }, 'set up from a file, which may be deleted now')
    },
    async stop(): Promise<void> {
      await oauth.stop()
      await epoch.stop()
    },

    /**
     * `address`: as if the request came from there, for whoever passes one on; null is nowhere, so that
     * no credential counts that is bound to networks. Throws AppError `unauthenticated`.
     */
    async authenticate(
      request: FastifyRequest,
      address: string | null = request.ip,
    ): Promise<Actor> {
      const origin = { ...seen(request), address }
      const bearer = bearerOf(request.headers.authorization)
      if (bearer !== undefined) return byBearer(bearer, origin, viaOf(request))
      const actor = await byCookies(sessionTokens(request), origin)
      if (actor !== null) return actor
      return { ...anonymous, origin: { ...anonymous.origin, ...origin, via: 'page' } }
    },
  }
}

/** Of a bearer that is wrong: where it came from is where it is put right. */
const otherToken =
  'Put one that is valid into KEELSON_TOKEN, or unset it; or sign in anew: keelson login'

type Via = Origin['via']

/** What the audit tells of bearers; nobody may more by it. */
const viaOf = ({ headers }: FastifyRequest): Via =>
  isCommandLine(headers['user-agent']) ? 'cli' : 'api'

export type Seen = Pick<Origin, 'requestId' | 'address'>

export const seen = (request: FastifyRequest): Seen => ({
  requestId: request.id,
  address: request.ip,
})

const sessionTokensMax = 4

/** All of them: another page of this host may have planted one of the same name beside ours. */
const sessionTokens = ({ headers, protocol }: FastifyRequest): string[] => {
  const start = `${cookieNames(protocol === 'https').session}=`
  return (headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(start))
    .map((pair) => pair.slice(start.length))
    .filter((token) => token !== '')
    .slice(0, sessionTokensMax)
}

const bearerOf = (header: string | undefined): string | undefined =>
  header === undefined ? undefined : /^Bearer +([A-Za-z0-9_.-]{1,4000})$/i.exec(header)?.[1]
