import type { canaryVerdicts } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock, Timer } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import { AppError, messageOf } from '../../kernel/errors.ts'
import type { Events } from '../../kernel/events.ts'
import type { Log } from '../../kernel/log.ts'
import type { Service } from '../config/model.ts'
import { movingRule } from '../proxy/balance/policies/split.ts'
import { splitDigest } from '../proxy/splits.ts'
import type { GatewayCanary, GatewayDocument } from '../snapshot.ts'
import {
  canaryChannel,
  forgetOldCanaries,
  saveCanaries,
  selectCanaries,
  takeEnded,
} from './store.ts'

type CanariesDeps = {
  db: Db
  events: Pick<Events, 'publish'>
  audit: Pick<Audit, 'record'>
  clock: Clock
  log: Log
  documents: () => readonly GatewayDocument[]
  /** Gateways are to be told. */
  onChange: () => void
}

/** Notifications can be lost. */
const lookMs = 5_000

type Verdict = (typeof canaryVerdicts)[number]

export type Canaries = Awaited<ReturnType<typeof openCanaries>>

/**
 * The control side of canaries: keeps what gateways have decided, hands it to all of them and to
 * those that start, and announces how each has ended.
 */
export const openCanaries = async (deps: CanariesDeps) => {
  const { db, events, clock, log, documents, onChange } = deps
  let kept = await selectCanaries(db)
  let text = JSON.stringify(kept)
  let listener: { close(): Promise<void> } | undefined
  let timer: Timer | undefined
  let looking: Promise<void> = Promise.resolve()

  const announceEnded = (): Promise<void> =>
    db.transaction(async (tx) => {
      for (const ended of await takeEnded(tx)) {
        const { stack, service, canary } = namesOf(ended, documents())
        const { outcome, reason } = ended
        await events.publish(tx, {
          type: outcome === 'promoted' ? 'gateway.canary_promoted' : 'gateway.canary_rolled_back',
          subject: stack ?? 'system',
          payload: { service, canary, reason },
        })
      }
    })

  const lookOnce = async (): Promise<void> => {
    kept = await selectCanaries(db)
    const next = JSON.stringify(kept)
    if (next !== text) onChange()
    text = next
    await announceEnded()
  }

  const look = (): Promise<void> => {
    looking = looking
      .then(lookOnce)
      .catch((error: unknown) =>
        log.warn({ reason: messageOf(error) }, 'canaries wait for the database'),
      )
    return looking
  }

  const lookAgain = (): void => {
    timer = clock.setTimer(() => {
      void look()
      lookAgain()
    }, lookMs)
  }

  return {
    all: (): readonly GatewayCanary[] => kept,

    /** By hand. Throws service_not_found, bad_request. */
    async decide(actor: Actor, name: string, verdict: Verdict): Promise<void> {
      const { manager, service, split } = findCanary(documents(), name)
      // A gateway may have decided meanwhile.
      await look()
      const before = kept.find(
        (one) => one.manager === manager && one.service === service.id && one.split === split,
      )
      const decided: GatewayCanary = {
        ...{ manager, service: service.id, split, step: 0 },
        ...{ decision: (before?.decision ?? 0) + 1, since: clock.now().toISOString() },
        ...outcomeOf(verdict, service, actor.name),
      }
      await db.transaction(async (tx) => {
        await saveCanaries(tx, [decided])
        deps.audit.record(tx, actor, {
          action: 'gateway.canary_decided',
          object: { kind: 'gateway_service', id: service.id, name },
          before: { outcome: before?.outcome ?? null, percent: before?.percent ?? null },
          after: { outcome: decided.outcome, percent: decided.percent },
        })
      })
      await look()
    },

    async start(): Promise<void> {
      await forgetOldCanaries(db)
      listener = await db.listen(canaryChannel, () => void look())
      // One that came before we listened woke nobody.
      void look()
      lookAgain()
    },
    async stop(): Promise<void> {
      timer?.cancel()
      await listener?.close()
      await looking
    },
  }
}

const outcomeOf = (
  verdict: Verdict,
  { 'x-keelson': { split } }: Service,
  by: string,
): Pick<GatewayCanary, 'outcome' | 'percent' | 'reason'> => {
  switch (verdict) {
    case 'promote':
      return { outcome: 'promoted', percent: 100, reason: `promoted by ${by}` }
    case 'roll back':
      return { outcome: 'rolled back', percent: 0, reason: `rolled back by ${by}` }
    case 'restart':
      return {
        outcome: 'moving',
        percent: split?.canary?.steps[0] ?? 100,
        reason: `begun again by ${by}`,
      }
  }
}

/** The one service of this name, or `<stack>/<name>`, that has a canary. */
const findCanary = (documents: readonly GatewayDocument[], name: string) => {
  const found = documents.flatMap(({ manager, stack, config }) =>
    config.services.flatMap((service) => {
      const { split } = service['x-keelson']
      if (split?.canary === undefined) return []
      const names = [service.id, service.name, `${stack}/${service.name}`]
      return names.includes(name) ? [{ manager, service, split: splitDigest(split) }] : []
    }),
  )
  const [first, ...others] = found
  if (first === undefined) {
    const message = `No service ${name} has a canary; keelson gateway routes shows those that do`
    throw new AppError('service_not_found', { message })
  }
  if (others.length === 0) return first
  const message = `Several services are named ${name}: write <stack>/${name}`
  throw new AppError('bad_request', { message })
}

/** As people know them; what is not configured any more is known by its id. */
const namesOf = (
  { manager, service: id }: Pick<GatewayCanary, 'manager' | 'service'>,
  documents: readonly GatewayDocument[],
): { stack: string | null; service: string; canary: string } => {
  const document = documents.find((one) => one.manager === manager)
  const service = document?.config.services.find((one) => one.id === id)
  const split = service?.['x-keelson'].split
  const rule = split === undefined ? undefined : split.rules[movingRule(split) ?? -1]
  return {
    stack: document?.stack ?? null,
    service: service?.name ?? id,
    canary: rule?.service ?? 'its new version',
  }
}
