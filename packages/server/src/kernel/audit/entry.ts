import { createHash, createHmac } from 'node:crypto'
import type { AuditAction } from '@keelson/contract'
import type { Actor } from '../actor.ts'
import type { AuditEntry, Told } from './audit.ts'

/** A row but for its place in a lane. */
export type Content = {
  id: string
  at: Date
  action: AuditAction
  outcome: string
  actorKind: string
  actorId: string
  actorName: string
  objectKind: string
  objectId: string
  objectName: string
  /** JSON of a `Detail`. */
  detail: string
}

export type Detail = {
  before?: Told
  after?: Told
  reason?: string
  onBehalfOf?: string
  credential?: string
  address?: string
  requestId?: string
  via: Actor['origin']['via']
  /** Equal ones in one row; 1 unless told. */
  count?: number
  /** Before and after were too large, and are left out. */
  cut?: true
}

const detailMaxBytes = 64 * 1024
const nameMax = 300

export const contentOf = (
  actor: Actor,
  entry: AuditEntry,
  { id, at, count }: { id: string; at: Date; count?: number },
): Content => ({
  ...{ id, at, action: entry.action, outcome: entry.outcome ?? 'done' },
  ...{ actorKind: actor.kind, actorId: storable(actor.id), actorName: storable(actor.name) },
  objectKind: entry.object.kind,
  objectId: storable(entry.object.id),
  objectName: storable(entry.object.name),
  detail: detailOf(actor, entry, count),
})

const detailOf = (actor: Actor, entry: AuditEntry, count: number | undefined): string => {
  const { address, requestId, credential, via } = actor.origin
  const change = {
    ...(entry.before === undefined ? {} : { before: entry.before }),
    ...(entry.after === undefined ? {} : { after: entry.after }),
  }
  const rest = {
    ...(entry.reason === undefined ? {} : { reason: entry.reason.slice(0, 1000) }),
    ...(entry.onBehalfOf === undefined ? {} : { onBehalfOf: entry.onBehalfOf }),
    ...(credential === null ? {} : { credential }),
    ...(address === null ? {} : { address }),
    ...(requestId === null ? {} : { requestId }),
    via,
    ...(count === undefined || count === 1 ? {} : { count }),
  } satisfies Detail
  const whole = JSON.stringify({ ...change, ...rest } satisfies Detail)
  if (Buffer.byteLength(whole) <= detailMaxBytes) return withoutNul(whole)
  return withoutNul(JSON.stringify({ ...rest, cut: true } satisfies Detail))
}

/** PostgreSQL stores no NUL; in JSON it is written `\u0000`, which text may hold. */
const withoutNul = (text: string): string => text.replaceAll('\0', '')
const storable = (text: string): string => withoutNul(text).slice(0, nameMax)

/** Everything a person could be deceived by, in a form with one reading. */
const bytesOf = (content: Content): string =>
  JSON.stringify([
    ...[content.id, content.at.getTime(), content.action, content.outcome],
    ...[content.actorKind, content.actorId, content.actorName],
    ...[content.objectKind, content.objectId, content.objectName, content.detail],
  ])

export const macOf = (key: Buffer, content: Content): Buffer =>
  createHmac('sha256', key).update(bytesOf(content)).digest()

/** The place is part of the chain: the same row elsewhere has another. */
export const chainOf = (
  former: Buffer,
  place: { lane: number; number: bigint },
  mac: Buffer,
): Buffer =>
  createHash('sha256').update(former).update(`${place.lane}/${place.number}/`).update(mac).digest()
