import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import { messageOf } from '../../kernel/errors.ts'
import type { Keyring } from '../../kernel/keys/index.ts'
import type { Log } from '../../kernel/log.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { createAccessTokens } from './access-tokens.ts'
import { createAssertions } from './assertions.ts'
import { createClients } from './clients.ts'
import { createDeviceRequests } from './device-requests.ts'
import { createFamilies } from './families.ts'
import { createGrants, type ApiTokenCheck } from './grants.ts'
import { metadataOf } from './metadata.ts'
import { createRevocation } from './revocation.ts'
import { createServiceCredentials } from './service-credentials.ts'
import { createSigningKeys } from './signing-keys.ts'

type Deps = {
  db: Db
  clock: Clock
  log: Log
  audit: Audit
  keyring: Keyring
  epoch: Epoch
  apiTokens: ApiTokenCheck
  /** The issuer of all tokens; without a slash at its end. */
  publicUrl: string
}

const sweepMs = 3_600_000

/** Programs that act for people, for service accounts and for the services of stacks: ADR 0024. */
export const createOAuth = (deps: Deps) => {
  const { clock, log } = deps
  const keys = createSigningKeys(deps)
  const services = createServiceCredentials({ ...deps, keys })
  const accessTokens = createAccessTokens({ ...deps, keys, services })
  const families = createFamilies(deps)
  const devices = createDeviceRequests({ ...deps, families })
  const parts = { ...deps, services, accessTokens, families, devices }
  let timer: { cancel(): void } | undefined
  let sweeping: Promise<void> = Promise.resolve()
  let stopped = false

  const sweepLater = (): void => {
    if (stopped) return
    timer = clock.setTimer(() => {
      sweeping = families
        .sweep()
        .catch((error: unknown) => {
          log.debug({ reason: messageOf(error) }, 'old refresh tokens were not swept')
        })
        .finally(sweepLater)
    }, sweepMs)
  }

  return {
    ...{ keys, services, accessTokens, families, devices },
    grant: createGrants(parts),
    revoke: createRevocation(parts),
    clients: createClients(parts),
    assert: createAssertions({ ...deps, keys }),
    metadata: () => metadataOf(deps.publicUrl),

    async start(): Promise<void> {
      await keys.start()
      sweepLater()
    },
    async stop(): Promise<void> {
      stopped = true
      timer?.cancel()
      await Promise.all([keys.stop(), sweeping])
    },
  }
}

export type OAuth = ReturnType<typeof createOAuth>
