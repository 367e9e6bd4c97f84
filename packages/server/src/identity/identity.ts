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
import { createRoles } from './access/roles.ts'
import { createTeams } from './access/teams.ts'
import { createEpoch } from './epoch/epoch.ts'
import { digestOf } from './one-time.ts'
import { createPasswords } from './passwords/hash.ts'
import { createAccount } from './people/account.ts'
import { createDevices } from './people/devices.ts'
import { createLinkForms } from './people/link-forms.ts'
import { createLinks } from './people/links.ts'
import { createPeople } from './people/people.ts'
import { readSetupFile } from './people/setup-file.ts'
import { createSignIn } from './people/sign-in.ts'
import { createThrottle } from './people/throttle.ts'
import { createSessions } from './sessions/sessions.ts'

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
}

/** Who asks, and what they may do. Everything behind it sees an Actor and nothing of this. */
export const createIdentity = (deps: IdentityDeps) => {
  const { db, clock, log, audit, keyring, localToken } = deps
  const epoch = createEpoch({ db, clock })
  const access = createAccess({ db, clock, epoch, audit })
  const sessions = createSessions({ ...deps, epoch })
  const passwords = createPasswords()
  const throttle = createThrottle(clock)
  const links = createLinks(deps)
  const parts = { ...deps, epoch, access, sessions, passwords, throttle, links }
  const teams = createTeams(parts)
  const people = createPeople(parts)
  const account = createAccount(parts)
  const linkForms = createLinkForms(parts)
  const signIn = createSignIn({ ...parts, devices: createDevices(keyring) })
  const localDigest = digestOf(localToken.reveal())

  const byBearer = (bearer: string, origin: Seen): Actor => {
    if (!timingSafeEqual(digestOf(bearer), localDigest)) {
      throw new AppError('unauthenticated', { message: 'This token is not valid' })
    }
    return { ...localActor, origin: { ...localActor.origin, ...origin, via: 'cli' } }
  }

  const bySession = async (token: string, origin: Seen): Promise<Actor | null> => {
    await epoch.settled()
    const principal = await sessions.authenticate(token)
    return principal === null ? null : access.actorOf(principal, { ...origin, via: 'page' })
  }

  return {
    ...{ roles: createRoles(parts), teams, grants: createGrants({ ...parts, teams }) },
    explain: createExplain(parts),
    ...{ access, sessions, people, account, links, linkForms, signIn, bySession },

    onRightsChange: (listener: () => void) => epoch.afterChange(listener),

    isSetUp: () => access.hasAdministrator(db),

    /** Creates the administrator from `setupFile` if there is none. Throws AppError `env_invalid`. */
    async start(setupFile: string | undefined): Promise<void> {
      await epoch.start()
      if (setupFile === undefined || (await access.hasAdministrator(db))) return
      await linkForms.setUpUnattended(await readSetupFile(setupFile), systemActor)
      log.info({ file: setupFile }, 'set up from a file, which may be deleted now')
    },
    stop: () => epoch.stop(),

    async authenticate(request: FastifyRequest): Promise<Actor> {
      const origin = seen(request)
      const bearer = bearerOf(request.headers.authorization)
      if (bearer !== undefined) return byBearer(bearer, origin)
      for (const token of sessionTokens(request)) {
        const actor = await bySession(token, origin)
        if (actor !== null) return actor
      }
      return { ...anonymous, origin: { ...anonymous.origin, ...origin, via: 'page' } }
    },
  }
}

type Seen = Pick<Origin, 'requestId' | 'address'>

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
