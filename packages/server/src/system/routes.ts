import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { System } from '@keelson/contract'
import type { Audit } from '../kernel/audit/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { publicUrlOf } from '../kernel/context.ts'
import type { Db } from '../kernel/db.ts'
import type { Env } from '../kernel/env.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Http } from '../kernel/http.ts'
import type { CertificateState } from '../kernel/http/certificate.ts'
import type { Log } from '../kernel/log.ts'
import { openApiDocument } from '../kernel/openapi.ts'
import type { Health } from '../health/index.ts'
import { ownStack } from '../orchestrator/index.ts'
import type { Registry } from '../registry/index.ts'
import { shownCertificate } from './certificate.ts'
import { databaseFacts } from './store.ts'

type Deps = {
  http: Http
  audit: Pick<Audit, 'write'>
  log: Log
  registry: Registry
  health: Health
  db: Db
  env: Env
  clock: Clock
  version: string
  startedAt: Date
  databaseKind: 'embedded' | 'external'
  /** Null: no TLS of our own. */
  certificate: () => CertificateState | null
  readiness: () => ReadonlyMap<string, boolean>
  engine: () => Promise<{ version: string; apiVersion: string } | null>
  /** Ends this process once the answer is sent. */
  stop: (options: { keepStacks: boolean }) => void
}

export const systemRoutes = (deps: Deps): void => {
  const { http, version, readiness } = deps
  const { app } = http
  app.get('/healthz', { config: { permission: 'public' } }, () => 'ok\n')
  app.get('/readyz', { config: { permission: 'public' } }, (_request, reply) => {
    const late = [...readiness()].filter(([, ready]) => !ready).map(([name]) => name)
    return reply
      .code(late.length === 0 ? 200 : 503)
      .send(late.length === 0 ? 'ready\n' : `${late.join('\n')}\n`)
  })
  const document = openApiDocument(version)
  app.get('/api/v1/openapi.json', { config: { permission: 'public' } }, () => document)
  http.route('getSystem', () => describeSystem(deps))
  http.route('stopSystem', async ({ actor, query, reply }) => {
    const after = { keepStacks: query.keepStacks === true }
    const object = { kind: 'platform', id: 'platform', name: 'platform' }
    // The one change that does not wait for its row: a platform without its database must stop too.
    await deps.audit.write(actor, { action: 'system.stopped', object, after }).catch((error) => {
      deps.log.error({ actor: actor.name, reason: messageOf(error) }, 'a stop is not in the audit')
    })
    reply.raw.once('finish', () => deps.stop({ keepStacks: query.keepStacks === true }))
  })
}

const describeSystem = async (deps: Deps): Promise<System> => {
  const { registry, health, db, env, clock } = deps
  const certificate = deps.certificate()
  const publicUrl = publicUrlOf(env)
  const parts = registry
    .services()
    .filter(({ stack }) => stack === ownStack)
    .flatMap(({ id }) => registry.instancesOf(id))
  return {
    version: deps.version,
    startedAt: deps.startedAt.toISOString(),
    node: process.version,
    dataFolder: env.dataDir,
    publicUrl,
    certificate: certificate === null ? null : shownCertificate(certificate, publicUrl),
    database: { kind: deps.databaseKind, ...(await databaseFacts(db)) },
    parts: await Promise.all(
      parts.map(async (instance) => ({
        name: instance.serviceId.split('/')[1] ?? instance.name,
        pid: instance.pid,
        state: health.instance(instance.name)?.state ?? 'unknown',
        reason: health.instance(instance.name)?.reason ?? '',
        memoryBytes: await residentBytes(instance.pid),
        address:
          instance.ports[0] === undefined
            ? null
            : `${instance.ports[0].host}:${instance.ports[0].port}`,
      })),
    ),
    modules: [...deps.readiness()].map(([name, ready]) => ({ name, target: 'control', ready })),
    storage: await storageOf(env.dataDir, clock),
    engine: await deps.engine(),
  }
}

const pageBytes = 4096

const residentBytes = async (pid: number | null): Promise<number | null> => {
  if (pid === null) return null
  const statm = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => null)
  const pages = Number(statm?.split(' ')[1])
  return Number.isFinite(pages) ? pages * pageBytes : null
}

/** Sizes of the data folder's parts; walking is bounded, and looked at again after a minute. */
let measured: { atMs: number; sizes: System['storage'] } | undefined
const measuredForMs = 60_000

const storageOf = async (dataDir: string, clock: Clock): Promise<System['storage']> => {
  const nowMs = clock.monotonicMs()
  if (measured !== undefined && nowMs - measured.atMs < measuredForMs) return measured.sizes
  const sizes = await Promise.all(
    ['postgres', 'logs', 'run'].map(async (name) => ({
      name,
      bytes: await folderBytes(join(dataDir, name)),
    })),
  )
  measured = { atMs: nowMs, sizes }
  return sizes
}

const entriesMax = 50_000

const folderBytes = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  let bytes = 0
  for (const entry of entries.slice(0, entriesMax)) {
    if (!entry.isFile()) continue
    bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0
  }
  return bytes
}
