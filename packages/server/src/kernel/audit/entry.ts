import { hash } from 'node:crypto'
import type { Keyring } from '../keys/index.ts'
import type { AuditAction } from '@keelson/contract'
import type { Actor } from '../actor.ts'
import { storableJson, storableText } from '../storable.ts'
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
  /** `user:<id>`, `user:ana`: whose history it is in besides that of its object. */
  concerns?: readonly string[]
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
  objectKind: storable(entry.object.kind),
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
    ...(entry.concerns === undefined ? {} : { concerns: namesOf(entry.concerns) }),
    via,
    ...(count === undefined || count === 1 ? {} : { count }),
  } satisfies Detail
  const whole = storableJson({ ...change, ...rest } satisfies Detail)
  if (Buffer.byteLength(whole) <= detailMaxBytes) return whole
  return storableJson({ ...rest, cut: true } satisfies Detail)
}

const namesOf = (objects: NonNullable<AuditEntry['concerns']>): string[] => [
  ...new Set(objects.flatMap(({ kind, id, name }) => [`${kind}:${id}`, `${kind}:${name}`])),
]

/** As it will be read back, for the mac is of that; last, for a cut may go through a character. */
const storable = (text: string): string => storableText(text.slice(0, nameMax))

/** Everything a person could be deceived by, in a form with one reading. */
const bytesOf = (content: Content): string =>
  JSON.stringify([
    ...[content.id, content.at.getTime(), content.action, content.outcome],
    ...[content.actorKind, content.actorId, content.actorName],
    ...[content.objectKind, content.objectId, content.objectName, content.detail],
  ])

export const macOf = (keyring: Keyring, content: Content, number?: number): Buffer =>
  keyring.mac('audit/mac', bytesOf(content), number)

/** The place is part of the chain: the same row elsewhere has another. */
export const chainOf = (
  former: Buffer,
  place: { lane: number; number: bigint },
  mac: Buffer,
): Buffer =>
  hash(
    'sha256',
    Buffer.concat([former, Buffer.from(`${place.lane}/${place.number}/`), mac]),
    'buffer',
  )
