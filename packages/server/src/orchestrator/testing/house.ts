import { join } from 'node:path'
import type { StackSpec } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import { createEvents } from '../../kernel/events.ts'
import type { Log } from '../../kernel/log.ts'
import { createRecorder } from '../../kernel/recorder.ts'
import { createTestAudit, createTestDb, quietLog } from '../../kernel/testing/index.ts'
import { localActor } from '../../kernel/actor.ts'
import { createHealth } from '../../health/index.ts'
import { createRegistry } from '../../registry/index.ts'
import { createOrchestrator } from '../orchestrator.ts'
import type { FilesReader } from '../plan/files-reader.ts'
import type { ContextDigest } from '../plan/surroundings.ts'
import type { LogStore } from '../logs/index.ts'
import type { Runtime } from '../runtime.ts'
import type { RemoveOptions } from '../take-down.ts'
import { createFakeRuntime, engineAway, type FakeRuntime } from './fake-runtime.ts'
import { serviceSpec, stackSpec } from './spec.ts'

const domains = ['registry', 'health', 'gateway', 'orchestrator']

/** A fresh database with the tables of every domain that keeps services up. */
export const createHouseDb = () =>
  createTestDb({
    migrations: domains.map((domain) => ({
      domain,
      dir: join(import.meta.dirname, '../..', domain, 'migrations'),
    })),
  })

export const noDatabases = {
  missing: () => Promise.resolve([]),
  ensure: (stack: string, name: string) => Promise.resolve(`postgres://${stack}@127.0.0.1/${name}`),
  remove: (_stack: string, _names: readonly string[]) => Promise.resolve(),
}

type HouseOptions = {
  db: Db
  process?: Runtime
  container?: Runtime
  clock?: Clock
  log?: Log
  databases?: typeof noDatabases
  contextDigest?: ContextDigest
  logs?: Pick<LogStore, 'page'>
  readFiles?: FilesReader
  /** Another master key gives services other secrets. */
  masterKey?: number
}

/**
 * One life of the control process, as far as services are concerned. `crash` lets go of everything
 * as kill -9 does: nothing is stopped, and what had not been recorded is lost.
 */
export const openHouse = async ({ db, clock = systemClock, ...options }: HouseOptions) => {
  const log = options.log ?? quietLog
  const events = createEvents({ db, clock, log })
  const recorder = createRecorder({ db, clock, log })
  const registry = createRegistry({ db, recorder, clock })
  await registry.load()
  const health = createHealth({ registry, db, events, recorder, clock, log })
  await health.load()
  const container: Runtime = options.container ?? createFakeRuntime(clock, 'container')
  const runtimes = { process: options.process ?? createFakeRuntime(clock), container }
  const orchestrator = await createOrchestrator({
    ...{ db, events, audit: createTestAudit(db), recorder, registry, health, runtimes, clock, log },
    gatewayUrl: 'http://127.0.0.1:8080',
    credentialsOf: (stack, service) => ({
      KEELSON_TOKEN_URL: 'http://127.0.0.1:7070/oauth/token',
      KEELSON_CLIENT_ID: `${stack}/${service}`,
      KEELSON_CLIENT_SECRET: `ksc_${options.masterKey ?? 1}_${stack}_${service}`,
    }),
    databases: options.databases ?? noDatabases,
    ...(options.logs === undefined ? {} : { logs: options.logs }),
    ...(options.readFiles === undefined ? {} : { readFiles: options.readFiles }),
    ...(options.contextDigest === undefined ? {} : { contextDigest: options.contextDigest }),
  })
  health.start()
  return {
    ...{ orchestrator, registry, health, recorder, events },
    start: (own: StackSpec = stackSpec('keelson', [serviceSpec('gateway')])) =>
      orchestrator.start(own),
    apply: (stack: StackSpec, options: { planDigest?: string; named?: string[] } = {}) =>
      orchestrator.apply(localActor, stack, options),
    rollBack: (name: string, revision?: number) =>
      orchestrator.rollBack(localActor, name, {
        ...{ dryRun: false, ...(revision === undefined ? {} : { revision }) },
      }),
    rollBackService: (id: string) =>
      orchestrator.rollBackService(localActor, registry.getService(id)),
    stop: (id: string, options = { only: false }) =>
      orchestrator.stopService(localActor, registry.getService(id), options),
    startService: (id: string) => orchestrator.startService(localActor, registry.getService(id)),
    scale: (id: string, replicas: number) =>
      orchestrator.scaleService(localActor, registry.getService(id), replicas),
    remove: (name: string, options: RemoveOptions = { volumes: false }) =>
      orchestrator.remove(localActor, name, options),
    async crash(): Promise<void> {
      recorder.stop()
      health.stop()
      await orchestrator.close()
    },
    async leave(): Promise<void> {
      health.stop()
      await orchestrator.close()
      await recorder.flush(5000)
      recorder.stop()
    },
  }
}

export type House = Awaited<ReturnType<typeof openHouse>>

/** Containers without a Docker Engine behind them: images are there, networks need no making. */
export const withResources = (runtime: FakeRuntime): FakeRuntime & { away: boolean } => {
  const check = <T>(value: T): Promise<T> =>
    whole.away ? Promise.reject(engineAway()) : Promise.resolve(value)
  const whole = Object.assign(runtime, {
    away: false,
    observe: () => check([...runtime.instances.values()]),
    resources: {
      check: () => check({ version: 'fake', apiVersion: '1.41' }),
      missing: () => check([]),
      create: () => check(undefined),
      imageId: () => check('sha256:1'),
      differences: () => check<string[]>([]),
      removeAll: () => check({ removed: [], left: [] }),
    },
  })
  return whole
}
