import { gatewayUrlOf, localUrlOf, outerUrlOf, type Context } from '../kernel/context.ts'
import { auditRoutes, type AuditLog } from '../kernel/audit/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Database } from '../kernel/database.ts'
import { AppError } from '../kernel/errors.ts'
import type { Db } from '../kernel/db.ts'
import type { Events } from '../kernel/events.ts'
import type { Http } from '../kernel/http.ts'
import { createWayIn } from '../kernel/http/way-in.ts'
import { createKeyRotation, keyRoutes, type OwnKeyring } from '../kernel/keys/index.ts'
import type { Live } from '../kernel/live.ts'
import {
  accessRoutes,
  factorRoutes,
  oauthRoutes,
  peopleRoutes,
  numberedColumns,
  providerRoutes,
  sealedColumns,
  tokenRoutes,
  type Identity,
} from '../identity/index.ts'
import { serviceRoutes, type Health } from '../health/index.ts'
import {
  gatewaySealedColumns,
  mapRoutes,
  type Certificates,
  type createTraffic,
  type GatewayControl,
} from '../gateway/index.ts'
import {
  looksSecret,
  ownStack,
  stackRoutes,
  stacksFor,
  type LogStore,
  type Orchestrator,
} from '../orchestrator/index.ts'
import { gapRoutes, gapTopic, type Gaps } from '../gaps/index.ts'
import { findServiceIn, type Registry } from '../registry/index.ts'
import { askedObject } from './asked-object.ts'
import { assertionRoute } from './assertions.ts'
import { metricsRoute } from './metrics.ts'
import { certificateSourceOf } from './certificate.ts'
import { declareOwnParts, ownStackSpec } from './own-parts.ts'
import { servePage } from './page.ts'
import { platformFile } from './platform-file.ts'
import { systemRoutes } from './routes.ts'
import { liveTopics } from './topics.ts'

type Needs = {
  database: Database
  db: Db
  events: Events
  audit: AuditLog
  keyring: OwnKeyring
  http: Http
  live: Live
  identity: Identity
  registry: Registry
  health: Health
  logs: LogStore
  orchestrator: Orchestrator
  traffic: ReturnType<typeof createTraffic>
  gaps: Gaps
  gatewayControl: GatewayControl
  certificates: Certificates
}

const gatewayWaitMs = 10_000
const gatewayPollMs = 20

/**
 * Ready means that the way in is open. A gateway whose port somebody else holds is a wrong
 * configuration: the start ends with the reason, instead of trying for ever in the background.
 * A gateway that is merely slow is waited for no longer than it takes to see that.
 */
const gatewayUp = async ({ registry, health }: Needs, clock: Clock): Promise<void> => {
  const name = `${ownStack}-gateway-1`
  const deadlineMs = clock.monotonicMs() + gatewayWaitMs
  while (clock.monotonicMs() < deadlineMs) {
    const instance = registry.findInstance(name)
    if (health.instance(name)?.state === 'healthy') return
    if (instance?.phase === 'backoff' && instance.startedAt === null) {
      const reason = instance.phaseReason.split(';')[0] ?? ''
      throw new AppError('port_taken', { message: `The gateway cannot start: ${reason}` })
    }
    await new Promise<void>((resolve) => clock.setTimer(resolve, gatewayPollMs))
  }
}

/** The platform as others see it: every route, the page, and its own parts as services. */
export const createSystem = async (context: Context, needs: Needs) => {
  const { env, clock, log, version, startedAt } = context
  const { http, registry, events, orchestrator, db, database } = needs
  const common = { ...needs, clock, log }
  const certificate = certificateSourceOf({ ...common, env })
  http.useServices(findServiceIn(registry), orchestrator.hasStack)
  peopleRoutes(common)
  factorRoutes(common)
  tokenRoutes(common)
  providerRoutes(common)
  needs.identity.oauth.services.useServices((id) => registry.findService(id) !== undefined)
  oauthRoutes({ http, log, oauth: needs.identity.oauth })
  assertionRoute(common)
  accessRoutes({ ...common, objectFor: (object, actor) => askedObject(object, actor, needs) })
  auditRoutes(common)
  serviceRoutes({
    ...common,
    isSecret: looksSecret,
    stacksFor: (actor) => stacksFor(actor, { registry, orchestrator }),
  })
  stackRoutes(common)
  mapRoutes(common)
  needs.gatewayControl.mapRoutes(needs.http)
  gapRoutes(common)
  gapTopic(common)
  liveTopics(common)
  metricsRoute({ ...common, gatewayMetrics: needs.gatewayControl.metrics })
  systemRoutes({
    ...common,
    env,
    version,
    startedAt,
    databaseKind: database.embedded === null ? 'external' : 'embedded',
    certificate: () => certificate?.state() ?? null,
    readiness: context.readiness,
    engine: () => orchestrator.engine(),
    stop: context.stop,
  })
  const keys = createKeyRotation({
    ...{ db, log, audit: needs.audit, keyring: needs.keyring },
    source: { dataDir: env.dataDir, ...env.masterKey },
    sealed: [...sealedColumns, ...gatewaySealedColumns],
    numbered: numberedColumns,
  })
  keyRoutes({ http, keys })
  await servePage(http)
  const tls =
    env.tls === undefined || certificate === null
      ? null
      : { port: env.tls.port, source: certificate }
  const wayIn = createWayIn({ ...common, env, tls, isSetUp: () => needs.identity.isSetUp() })

  return {
    async start(): Promise<void> {
      declareOwnParts({ registry, orchestrator, clock, env }, database.embedded)
      await keys.start()
      await wayIn.start()
      await orchestrator.start(ownStackSpec(env, context.mainFile))
      await gatewayUp(needs, clock)
      await db.transaction((tx) =>
        events.publish(tx, {
          type: 'system.started',
          subject: 'system',
          payload: { version, target: context.target },
        }),
      )
      const publicUrl = outerUrlOf(env)
      await platformFile(env.dataDir).write({
        pid: process.pid,
        startedAt: startedAt.toISOString(),
        url: localUrlOf(env),
        ...(publicUrl === undefined ? {} : { publicUrl }),
        gatewayUrl: gatewayUrlOf(env),
        version,
        ...(env.gatewayPlugins === undefined ? {} : { gatewayPlugins: env.gatewayPlugins }),
      })
    },
    async stop(): Promise<void> {
      await wayIn.stop()
      await keys.stop()
      await platformFile(env.dataDir).remove()
    },
  }
}
