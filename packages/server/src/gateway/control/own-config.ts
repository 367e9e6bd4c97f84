import type { GatewayDiff, GatewayRevision } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit, AuditEntry } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import { isUniqueViolation, type Db } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Events } from '../../kernel/events.ts'
import { diffGatewayConfigs } from '../config/diff.ts'
import { emptyGatewayConfig, type GatewayConfig } from '../config/model.ts'
import { withPeopleOf } from './kept-people.ts'
import { countsOf, diffOf, summaryOf } from './describe.ts'
import type { ApiPaths } from './api-paths.ts'
import type { ReadFile } from './reading.ts'
import {
  findContent,
  findCurrent,
  insertRevision,
  selectRevisions,
  type RevisionRow,
} from './store.ts'

type OwnConfigDeps = {
  db: Db
  events: Pick<Events, 'publish'>
  audit: Pick<Audit, 'record'>
  clock: Clock
  readFile: ReadFile
  paths: Pick<ApiPaths, 'refuse'>
  onChange: () => void
}

type Current = {
  revision: number
  appliedAt: Date | null
  appliedBy: string | null
  config: GatewayConfig
}

export type OwnConfig = Awaited<ReturnType<typeof openOwnConfig>>

/** What the audit says of it. */
type WhatChanged = Pick<AuditEntry, 'action' | 'object'>

const whole: WhatChanged = {
  action: 'gateway.configured',
  object: { kind: 'gateway', id: 'gateway', name: 'gateway' },
}

const keptRevisions = 50
const nothing: Current = {
  revision: 0,
  appliedAt: null,
  appliedBy: null,
  config: emptyGatewayConfig,
}

/**
 * The configuration that belongs to no file: made by the page, the API and `keelson gateway apply`.
 * A change is a whole new revision; it and its event commit together.
 */
export const openOwnConfig = async (deps: OwnConfigDeps) => {
  const { db, events, audit, clock, readFile, paths, onChange } = deps
  const newest = await findCurrent(db)
  let current: Current = newest === undefined ? nothing : { ...newest, config: newest.content }

  const refuseOther = (looked: number | undefined): void => {
    if (looked === undefined || looked === current.revision) return
    const message = `The gateway configuration is at revision ${current.revision} by now; what was looked at is ${looked}`
    throw new AppError('revision_conflict', { message })
  }

  /** One change at a time: each begins with what the one before has left. */
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work, work)
    turn = mine.catch(() => {})
    return mine
  }

  const save = async (
    actor: Actor,
    config: GatewayConfig,
    note: string | null,
    what: WhatChanged = whole,
  ): Promise<void> => {
    const changes = diffGatewayConfigs(current.config, config)
    if (changes.length === 0) return
    const row: RevisionRow & { content: GatewayConfig } = {
      ...{ revision: current.revision + 1, appliedAt: clock.now(), appliedBy: actor.name, note },
      ...{ counts: countsOf(config), content: config },
    }
    try {
      await db.transaction(async (tx) => {
        await insertRevision(tx, row, keptRevisions)
        await events.publish(tx, {
          ...{ type: 'gateway.configured', subject: 'system', actor: actor.name },
          payload: {
            ...{ revision: row.revision, text: summaryOf(changes) },
            ...(note === null ? {} : { note }),
          },
        })
        audit.record(tx, actor, {
          before: { revision: current.revision },
          after: { revision: row.revision, changes: summaryOf(changes) },
          ...(note === null ? {} : { reason: note }),
          ...what,
        })
      })
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
      const message = `Somebody else has made revision ${row.revision} meanwhile`
      throw new AppError('revision_conflict', { message }, { cause: error })
    }
    current = { ...row, config }
    onChange()
  }

  return {
    get current(): Current {
      return current
    },

    /** With faults, nothing is changed whatever `dryRun` says. Throws gateway_config_invalid, revision_conflict. */
    apply: (
      actor: Actor,
      text: string,
      options: { dryRun: boolean; revision?: number | undefined; note?: string | undefined },
    ): Promise<GatewayDiff> =>
      inTurn(async () => {
        refuseOther(options.revision)
        const read = readFile({ file: 'the request', text, environment: {} })
        const before = current
        const next = withPeopleOf(before.config, read.config)
        const diff = diffOf(diffGatewayConfigs(before.config, next), read, before.revision)
        if (options.dryRun) return diff
        read.refuseFaults()
        await save(actor, next, options.note ?? null)
        return { ...diff, revision: current.revision }
      }),

    /** A change of some objects; `change` gets what is in effect and gives what is to be. */
    change: (
      actor: Actor,
      change: (config: GatewayConfig) => GatewayConfig,
      { note, ...what }: WhatChanged & { note: string },
    ): Promise<void> => inTurn(() => save(actor, change(current.config), note, what)),

    /**
     * `looked`: the revision in effect when the difference was seen. Throws revision_not_found,
     * revision_conflict, gateway_config_invalid.
     */
    rollBack: (
      actor: Actor,
      revision: number,
      { dryRun, looked }: { dryRun: boolean; looked?: number | undefined },
    ): Promise<GatewayDiff> =>
      inTurn(async () => {
        refuseOther(looked)
        const then = await findContent(db, revision)
        if (then === undefined) {
          const message = `There is no revision ${revision} of the gateway configuration; the last ${keptRevisions} are kept`
          const hint = 'keelson gateway history lists them.'
          throw new AppError('revision_not_found', { message }, { hint })
        }
        paths.refuse(then)
        const before = current
        const config = withPeopleOf(before.config, then)
        const read = { faults: [], notes: [] }
        const diff = diffOf(diffGatewayConfigs(before.config, config), read, before.revision)
        if (dryRun) return diff
        await save(actor, config, `back to revision ${revision}`)
        return { ...diff, revision: current.revision }
      }),

    async revisions(): Promise<GatewayRevision[]> {
      return (await selectRevisions(db)).map(({ appliedAt, counts, ...row }) => ({
        ...row,
        counts: { ...counts },
        appliedAt: appliedAt.toISOString(),
        isCurrent: row.revision === current.revision,
      }))
    },
  }
}
