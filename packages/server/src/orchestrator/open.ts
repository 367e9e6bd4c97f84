import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { gatewayUrlOf, localUrlOf, type Context } from '../kernel/context.ts'
import type { Database } from '../kernel/database.ts'
import type { Audit } from '../kernel/audit/index.ts'
import type { Db } from '../kernel/db.ts'
import type { Events } from '../kernel/events.ts'
import type { Recorder } from '../kernel/recorder.ts'
import type { Health } from '../health/index.ts'
import type { Identity } from '../identity/index.ts'
import { serviceIdOf, type Registry } from '../registry/index.ts'
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
  identity: Identity
  registry: Registry
  health: Health
  logs: LogStore
}

/** The orchestrator with its two runtimes and its databases, as this process's environment says. */
export const openOrchestrator = async (context: Context, needs: Needs): Promise<Orchestrator> => {
  const { env, log, clock } = context
  const { identity, ...rest } = needs
  const { database, logs } = rest
  return createOrchestrator({
    ...rest,
    clock,
    log,
    gatewayUrl: gatewayUrlOf(env),
    credentialsOf: (stack, service) => {
      const id = serviceIdOf(stack, service)
      return {
        KEELSON_TOKEN_URL: `${localUrlOf(env)}/oauth/token`,
        KEELSON_CLIENT_ID: id,
        KEELSON_CLIENT_SECRET: identity.oauth.services.secretOf(id),
      }
    },
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
