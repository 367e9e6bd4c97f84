import { join } from 'node:path'
import { hostNamesOf, localUrlOf, publicUrlOf, type Context } from './kernel/context.ts'
import { openDatabase, type Database } from './kernel/database.ts'
import { createDb, type Db } from './kernel/db.ts'
import type { Events } from './kernel/events.ts'
import type { Http } from './kernel/http.ts'
import { newId } from './kernel/ids.ts'
import type { Module, ModuleTable } from './kernel/lifecycle.ts'
import type { Live } from './kernel/live.ts'
import { kernelMigrations, migrate, type MigrationSource } from './kernel/migrations.ts'
import { createRecorder, type Recorder } from './kernel/recorder.ts'
import type { AuditLog } from './kernel/audit/index.ts'
import type { OwnKeyring } from './kernel/keys/index.ts'
import type { Registry } from './registry/index.ts'
import type { Identity } from './identity/index.ts'
import type { Health } from './health/index.ts'
import type { Gaps } from './gaps/index.ts'
import type {
  Certificates,
  createTraffic,
  Drain,
  GatewayControl,
  Publisher,
} from './gateway/index.ts'
import type { LogStore, Orchestrator } from './orchestrator/index.ts'

type Startable = { start(): Promise<void>; stop(): Promise<void> }

export type Modules = {
  database: Database
  schema: true
  db: Db
  events: Events
  recorder: Recorder
  keyring: OwnKeyring
  audit: AuditLog
  identity: Identity
  http: Http
  live: Live
  registry: Registry
  health: Health
  logs: LogStore
  orchestrator: Orchestrator
  gatewayControl: GatewayControl
  publisher: Publisher
  drain: Drain
  certificates: Certificates
  traffic: ReturnType<typeof createTraffic>
  dataPlane: Startable
  gaps: Gaps
  system: Startable
}

const migrationsOf = (domain: string): MigrationSource => ({
  domain,
  dir: join(import.meta.dirname, domain, 'migrations'),
})

/** All migrations, in the order they are applied. */
export const migrationSources: readonly MigrationSource[] = [
  kernelMigrations,
  ...['registry', 'identity', 'health', 'gateway', 'orchestrator', 'gaps'].map(migrationsOf),
]

const module = <K extends keyof Modules, N extends keyof Modules = never>(
  entry: Module<Modules, K, N>,
): Module<Modules, K, keyof Modules> => entry

const control = ['control'] as const

/**
 * All of Keelson: each module, what it needs, how it is made, and the targets it is part of. Start
 * and stop order, readiness, the import test and the diagram in ARCHITECTURE.md come from here.
 *
 * Rooms are imported where they are made, so that a process loads only what its target needs: the
 * gateway alone takes half the memory.
 */
export const createGraph = (context: Context): ModuleTable<Modules> => {
  const { env, log, clock, version } = context
  return {
    database: module({
      room: 'kernel',
      floor: 0,
      targets: ['control', 'gateway'],
      needs: [],
      create: () => openDatabase(context),
      stop: async ({ embedded }) => {
        if (!context.keepsStacks()) await embedded?.stop()
      },
    }),
    schema: module({
      room: 'kernel',
      floor: 0,
      targets: control,
      needs: ['database'],
      create: async ({ database }) => {
        await migrate(database.url.reveal(), migrationSources, { log })
        return true as const
      },
    }),
    db: module({
      room: 'kernel',
      floor: 0,
      targets: ['control', 'gateway'],
      needs: ['database'],
      create: ({ database }) => createDb({ connectionString: database.url.reveal(), log }),
      stop: (db) => db.close(),
    }),
    events: module({
      room: 'kernel',
      floor: 0,
      targets: control,
      needs: ['db', 'schema'],
      create: async ({ db }) => {
        const { createEvents } = await import('./kernel/events.ts')
        return createEvents({ db, clock, log })
      },
      start: (events) => events.start(),
      stop: (events) => events.stop(),
    }),
    recorder: module({
      room: 'kernel',
      floor: 0,
      targets: control,
      needs: ['db', 'schema'],
      create: ({ db }) => createRecorder({ db, clock, log }),
      stop: async (recorder) => {
        await recorder.flush(5000)
        recorder.stop()
      },
    }),
    keyring: module({
      room: 'kernel',
      floor: 0,
      targets: control,
      needs: ['db', 'schema'],
      create: async ({ db }) => {
        const { checkKeyring, hasSeenKeys, openKeyring, removeKeyDrafts } =
          await import('./kernel/keys/index.ts')
        const source = { dataDir: env.dataDir, ...env.masterKey }
        await removeKeyDrafts(source)
        const keyring = await openKeyring(source, { hasSeenKeys: await hasSeenKeys(db) })
        await checkKeyring(db, keyring)
        return keyring
      },
    }),
    audit: module({
      room: 'kernel',
      floor: 0,
      targets: control,
      needs: ['db', 'schema', 'keyring'],
      create: async ({ db, keyring }) => {
        const { createAuditLog } = await import('./kernel/audit/index.ts')
        const { dataDir, auditMonths: keptMonths, auditSinks: sinks } = env
        return createAuditLog({ db, keyring, clock, log, dataDir, keptMonths, sinks })
      },
      start: (audit) => audit.start(),
      stop: (audit) => audit.close(),
    }),
    identity: module({
      room: 'identity',
      floor: 1,
      targets: control,
      needs: ['db', 'schema', 'keyring', 'audit'],
      create: async (needs) => {
        const { createIdentity, loadLocalToken } = await import('./identity/index.ts')
        const localToken = await loadLocalToken(join(env.dataDir, 'token'))
        const urls = { publicUrl: publicUrlOf(env), localUrl: localUrlOf(env) }
        return createIdentity({ ...needs, clock, log, localToken, ...urls })
      },
      start: (identity) => identity.start(env.setupFile),
      stop: (identity) => identity.stop(),
    }),
    http: module({
      room: 'kernel',
      floor: 0,
      targets: control,
      needs: ['identity', 'audit'],
      create: async ({ identity, audit }) => {
        const { createHttp } = await import('./kernel/http.ts')
        const hostNames = hostNamesOf(env)
        const { trustedProxies } = env
        const authenticate: typeof identity.authenticate = (request) =>
          identity.authenticate(request)
        const { noteDenied } = await import('./kernel/audit/index.ts')
        const onDenied = noteDenied(audit)
        const { onRightsChange } = identity
        return createHttp({
          ...{ log, clock, newId, hostNames, trustedProxies, authenticate, onDenied },
          ...{ onRightsChange, publicUrl: publicUrlOf(env) },
        })
      },
      stop: (http) => http.close(),
    }),
    live: module({
      room: 'kernel',
      floor: 0,
      targets: control,
      needs: ['http', 'events'],
      create: async ({ http, events }) => {
        const { createLive } = await import('./kernel/live.ts')
        return createLive({ http, events, clock, log, version })
      },
      stop: (live) => live.close(),
    }),
    registry: module({
      room: 'registry',
      floor: 1,
      targets: control,
      needs: ['db', 'recorder'],
      create: async (needs) => {
        const { createRegistry } = await import('./registry/index.ts')
        const registry = createRegistry({ ...needs, clock })
        await registry.load()
        return registry
      },
    }),
    health: module({
      room: 'health',
      floor: 2,
      targets: control,
      needs: ['registry', 'db', 'events', 'recorder'],
      create: async (needs) => {
        const { createHealth } = await import('./health/index.ts')
        const health = createHealth({ ...needs, clock, log })
        await health.load()
        return health
      },
      start: (health) => health.start(),
      stop: (health) => health.stop(),
    }),
    logs: module({
      room: 'orchestrator',
      floor: 3,
      targets: control,
      needs: [],
      create: async () => {
        const { createLogStore } = await import('./orchestrator/index.ts')
        return createLogStore({ dir: join(env.dataDir, 'logs/services'), clock })
      },
      start: (logs) => {
        // Bounded, and read by `keelson logs control` like the log of any service.
        const writer = logs.writer({ stack: 'keelson', name: 'keelson-control-1' })
        context.redirectLog((line) => writer.append('stdout', line))
      },
      stop: async (logs) => {
        context.redirectLog(null)
        await logs.close()
      },
    }),
    orchestrator: module({
      room: 'orchestrator',
      floor: 3,
      targets: control,
      needs: [
        ...(['database', 'db', 'events', 'audit', 'recorder', 'identity'] as const),
        ...(['registry', 'health', 'logs'] as const),
      ],
      create: async (needs) => {
        const { openOrchestrator } = await import('./orchestrator/index.ts')
        return openOrchestrator(context, needs)
      },
      stop: async (orchestrator) => {
        if (!context.keepsStacks()) await orchestrator.stopAll('Keelson stops')
        await orchestrator.close()
      },
    }),
    gatewayControl: module({
      room: 'gateway',
      floor: 3,
      targets: control,
      needs: ['db', 'schema', 'events', 'audit', 'registry', 'orchestrator'],
      create: async (needs) => {
        const { openGatewayControl } = await import('./gateway/index.ts')
        const folder = join(env.dataDir, 'gateway')
        return openGatewayControl({
          ...{ ...needs, clock, log, folder, pluginFolder: env.gatewayPlugins },
          apiFolders: {
            logs: [join(env.dataDir, 'gateway-logs'), ...env.gatewayLogFolders],
            files: [join(env.dataDir, 'gateway-files'), ...env.gatewayFileFolders],
          },
        })
      },
      start: (gateway) => gateway.start(),
      stop: (gateway) => gateway.stop(),
    }),
    publisher: module({
      room: 'gateway',
      floor: 3,
      targets: control,
      needs: ['gatewayControl', 'registry', 'health', 'db', 'schema'],
      create: async (needs) => {
        const { createPublisher } = await import('./gateway/index.ts')
        const { gatewayControl, ...rest } = needs
        const { documents, acme: board, canaries } = gatewayControl
        return createPublisher({
          ...{ ...rest, documents, clock, log },
          ...{ acme: () => board.state(), canaries: canaries.all },
        })
      },
      start: (publisher) => publisher.start(),
      stop: (publisher) => publisher.stop(),
    }),
    drain: module({
      room: 'gateway',
      floor: 3,
      targets: control,
      needs: ['publisher', 'registry', 'health', 'db', 'orchestrator'],
      create: async (needs) => {
        const { createDrain } = await import('./gateway/index.ts')
        const drain = createDrain({ ...needs, clock, log })
        needs.orchestrator.useDrain(drain)
        return drain
      },
      stop: (drain) => drain.stop(),
    }),
    certificates: module({
      room: 'gateway',
      floor: 3,
      targets: control,
      needs: ['gatewayControl', 'drain', 'db', 'keyring'],
      create: async (needs) => {
        const { createCertificates } = await import('./gateway/index.ts')
        return createCertificates({ ...needs, clock, log })
      },
      start: (certificates) => certificates.start(),
      stop: (certificates) => certificates.stop(),
    }),
    traffic: module({
      room: 'gateway',
      floor: 3,
      targets: control,
      needs: ['db', 'schema'],
      create: async ({ db }) => {
        const { createTraffic } = await import('./gateway/index.ts')
        return createTraffic({ db, clock, log })
      },
      start: (traffic) => traffic.start(),
      stop: (traffic) => traffic.stop(),
    }),
    dataPlane: module({
      room: 'gateway',
      floor: 3,
      targets: ['gateway'],
      needs: ['db'],
      create: async (needs) => {
        const { createDataPlane } = await import('./gateway/data-plane.ts')
        return createDataPlane(context, needs)
      },
      start: (dataPlane) => dataPlane.start(),
      stop: (dataPlane) => dataPlane.stop(),
    }),
    gaps: module({
      room: 'gaps',
      floor: 5,
      targets: control,
      needs: ['db', 'schema', 'events', 'audit', 'registry', 'health', 'orchestrator', 'traffic'],
      create: async (needs) => {
        const { createGaps } = await import('./gaps/index.ts')
        return createGaps({ ...needs, clock, log, dataDir: env.dataDir })
      },
      start: (gaps) => gaps.start(),
      stop: (gaps) => gaps.stop(),
    }),
    system: module({
      room: 'system',
      floor: 6,
      targets: control,
      needs: [
        ...(['database', 'db', 'events', 'audit', 'http', 'live', 'identity', 'registry'] as const),
        ...(['health', 'logs', 'orchestrator', 'traffic', 'publisher', 'gaps'] as const),
        ...(['gatewayControl', 'certificates', 'keyring'] as const),
      ],
      create: async (needs) => {
        const { createSystem } = await import('./system/index.ts')
        return createSystem(context, needs)
      },
      start: (system) => system.start(),
      stop: (system) => system.stop(),
    }),
  }
}
