import { gatewayUrlOf, publicUrlOf, type Context } from '../kernel/context.ts'
import { auditRoutes, type AuditLog } from '../kernel/audit/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Database } from '../kernel/database.ts'
import { AppError } from '../kernel/errors.ts'
import type { Db } from '../kernel/db.ts'
import type { Events } from '../kernel/events.ts'
import type { Http } from '../kernel/http.ts'
import type { Live } from '../kernel/live.ts'
import { accessRoutes, peopleRoutes, type Identity } from '../identity/index.ts'
import { serviceRoutes, type Health } from '../health/index.ts'
import { mapRoutes, type createTraffic, type GatewayControl } from '../gateway/index.ts'
import {
  looksSecret,
  ownStack,
  stackRoutes,
  type LogStore,
  type Orchestrator,
} from '../orchestrator/index.ts'
import { gapRoutes, gapTopic, type Gaps } from '../gaps/index.ts'
import { findServiceIn, knownObject, type Registry } from '../registry/index.ts'
import { metricsRoute } from './metrics.ts'
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
  const { http, registry, health, events, orchestrator, db, database } = needs
  const common = { ...needs, clock, log }
  http.useServices(findServiceIn(registry))
  peopleRoutes(common)
  accessRoutes({ ...common, knownObject: (object) => knownObject(registry, object) })
  auditRoutes(common)
  serviceRoutes({ ...common, isSecret: looksSecret, stacks: () => orchestrator.stacks() })
  stackRoutes(common)
  mapRoutes(common)
  needs.gatewayControl.mapRoutes(needs.http)
  gapRoutes(common)
  gapTopic(common)
  liveTopics(common)
  metricsRoute({ http, registry, health, gatewayMetrics: needs.gatewayControl.metrics })
  systemRoutes({
    ...common,
    env,
    version,
    startedAt,
    databaseKind: database.embedded === null ? 'external' : 'embedded',
    readiness: context.readiness,
    engine: () => orchestrator.engine(),
    stop: context.stop,
  })
  await servePage(http)

  return {
    async start(): Promise<void> {
      declareOwnParts({ registry, orchestrator, clock, env }, database.embedded)
      await http.listen({ host: env.host, port: env.port })
      await orchestrator.start(ownStackSpec(env, context.mainFile))
      await gatewayUp(needs, clock)
      await db.transaction((tx) =>
        events.publish(tx, {
          type: 'system.started',
          subject: 'system',
          payload: { version, target: context.target },
        }),
      )
      await platformFile(env.dataDir).write({
        pid: process.pid,
        startedAt: startedAt.toISOString(),
        url: publicUrlOf(env),
        gatewayUrl: gatewayUrlOf(env),
        version,
        ...(env.gatewayPlugins === undefined ? {} : { gatewayPlugins: env.gatewayPlugins }),
      })
    },
    stop: (): Promise<void> => platformFile(env.dataDir).remove(),
  }
}
