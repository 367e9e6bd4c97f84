import { createHash } from 'node:crypto'

import type { Clock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Health } from '../health/index.ts'
import type { Registry } from '../registry/index.ts'
import { createDocuments, type Documents } from './documents.ts'
import { endpointsByService, reachedServices } from './endpoints.ts'
import { plugins } from './plugins/index.ts'
import type { GatewayAcme, GatewayCanary, GatewayDocument, GatewaySnapshot } from './snapshot.ts'
import { saveSnapshot, type DigestedDocument } from './store.ts'

/** A snapshot as it was written. */
export type Published = { revision: number; content: Omit<GatewaySnapshot, 'revision'> }

export type Publisher = ReturnType<typeof createPublisher>

type PublisherDeps = {
  registry: Registry
  health: Health
  db: Db
  clock: Clock
  log: Log
  /** What is configured; the routes of compose files alone when absent. */
  documents?: Pick<Documents, 'all' | 'onChange'>
  /** What ACME servers have given, and look for. */
  acme?: () => GatewayAcme | undefined
  /** What is kept of canaries. */
  canaries?: () => readonly GatewayCanary[]
}

/** Changes within this time go out as one snapshot: a stack of 60 services starts in bursts. */
const collectMs = 15
const retryMs = 250
const edgeTimeoutMs = 60_000

/**
 * The control side of the gateway: whenever what it would tell changes, it writes a whole new
 * snapshot. Nothing is written twice in a row, and a database that is away is tried again.
 */
export const createPublisher = (deps: PublisherDeps) => {
  const { registry, health, db, clock, log } = deps
  const configured = deps.documents ?? createDocuments({ registry, sources: [], plugins, log })
  const digest = createDigests()
  let text = ''
  let last: Published | undefined
  /** Who waits for the next look at the registry to be written. */
  let asked: PromiseWithResolvers<Published> | null = null
  let timer: { cancel(): void } | null = null
  let working = false
  let stopped = false

  const schedule = (delayMs: number): void => {
    if (timer !== null || stopped) return
    timer = clock.setTimer(() => {
      timer = null
      void publish()
    }, delayMs)
  }

  const publish = async (): Promise<void> => {
    if (working) return schedule(collectMs)
    const documents = configured.all()
    const acme = deps.acme?.()
    const shown = acme === undefined ? {} : { acme }
    const canaries = deps.canaries?.() ?? []
    const content = { ...snapshotOf(registry, health), documents, canaries, ...shown }
    const digested = documents.map(digest)
    // Documents are large: their digests tell whether they are others.
    const { services, edges } = content
    const next = JSON.stringify([
      services,
      edges,
      acme,
      canaries,
      digested.map((one) => one.digest),
    ])
    const waiting = asked
    asked = null
    if (next === text && last !== undefined) return waiting?.resolve(last)
    working = true
    try {
      last = { content, revision: await saveSnapshot(db, content, digested) }
      text = next
      waiting?.resolve(last)
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'gateway configuration waits for the database')
      if (waiting !== null) current().then(waiting.resolve, waiting.reject)
      schedule(retryMs)
    } finally {
      working = false
    }
  }

  const current = (): Promise<Published> => {
    asked ??= Promise.withResolvers()
    schedule(collectMs)
    return asked.promise
  }

  const changed = (): void => schedule(collectMs)
  registry.onChange(changed)
  health.onInstance(changed)
  configured.onChange(changed)

  return {
    start: changed,
    /** A snapshot that holds all that is known now, once it is written. */
    current,
    stop(): void {
      stopped = true
      timer?.cancel()
    },
  }
}

/** Pure: what changes with every instance, in a stable order. */
export const snapshotOf = (
  registry: Registry,
  health: Health,
): Pick<GatewaySnapshot, 'services' | 'edges'> => {
  const isHealthy = (instance: string): boolean => health.instance(instance)?.state === 'healthy'
  return {
    services: endpointsByService(registry, isHealthy),
    edges: reachedServices(registry).flatMap(({ id, upstreams }) =>
      upstreams.map(({ service, port }) => ({
        source: id,
        service,
        port,
        timeoutMs: edgeTimeoutMs,
      })),
    ),
  }
}

/** Digests of documents, once for each object. */
const createDigests = (): ((document: GatewayDocument) => DigestedDocument) => {
  const known = new WeakMap<GatewayDocument, string>()
  return (document) => {
    const digest =
      known.get(document) ??
      createHash('sha256').update(JSON.stringify(document)).digest('base64url')
    known.set(document, digest)
    return { digest, document }
  }
}
