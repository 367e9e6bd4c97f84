import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { gatewayUrlOf, type Context } from '../kernel/context.ts'
import type { Database } from '../kernel/database.ts'
import type { Audit } from '../kernel/audit/index.ts'
import type { Db } from '../kernel/db.ts'
import type { Events } from '../kernel/events.ts'
import type { Recorder } from '../kernel/recorder.ts'
import type { Health } from '../health/index.ts'
import type { Registry } from '../registry/index.ts'
import { createStackDatabases } from './databases.ts'
import type { LogStore } from './logs/index.ts'
import { createOrchestrator, type Orchestrator } from './orchestrator.ts'
import { contextDigest, createContainerRuntime } from './runtime-container/index.ts'
import { createProcessRuntime } from './runtime-process/index.ts'

type Needs = {
  database: Database
  db: Db
  events: Events
  audit: Audit
  recorder: Recorder
  registry: Registry
  health: Health
  logs: LogStore
}

/** The orchestrator with its two runtimes and its databases, as this process's environment says. */
export const openOrchestrator = async (context: Context, needs: Needs): Promise<Orchestrator> => {
  const { env, log, clock } = context
  const { database, logs } = needs
  return createOrchestrator({
    ...needs,
    clock,
    log,
    gatewayUrl: gatewayUrlOf(env),
    contextDigest,
    runtimes: {
      process: createProcessRuntime({ stateDir: join(env.dataDir, 'run'), logs, clock, log }),
      container: createContainerRuntime({
        ...(env.dockerHost === undefined ? {} : { dockerHost: env.dockerHost }),
        // Several Keelsons may share one engine, each with its own data folder.
        owner: createHash('sha256').update(env.dataDir).digest('hex').slice(0, 12),
        logs,
        clock,
        log,
      }),
    },
    databases: await createStackDatabases({
      db: needs.db,
      admin: database.url,
      address: addressOf(database),
      keyFile: join(env.dataDir, 'key'),
    }),
  })
}

/** Where services reach the database: never by our own unix socket. */
const addressOf = ({ url, embedded }: Database): { host: string; port: number } => {
  if (embedded !== null) return { host: '127.0.0.1', port: embedded.connection.port }
  const { hostname, port } = new URL(url.reveal())
  return { host: hostname, port: Number(port === '' ? 5432 : port) }
}
