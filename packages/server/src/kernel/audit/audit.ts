import type { AuditAction } from '@keelson/contract'
import type { Actor } from '../actor.ts'
import type { Tx } from '../db.ts'

/** JSON as it is stored; secrets in it are fingerprints already (`fingerprint`). */
export type Told =
  | null
  | boolean
  | number
  | string
  | readonly Told[]
  | { readonly [name: string]: Told }

export type AuditEntry = {
  action: AuditAction
  object: { kind: string; id: string; name: string }
  /** What changed: only the fields that did. */
  before?: Told
  after?: Told
  /**
   * Others that the row is in the history of: whom a grant is for, what was
   * asked for and denied. Indexed for rows about grants and endpoints.
   */
  concerns?: readonly { kind: string; id: string; name: string }[]
  outcome?: 'done' | 'denied' | 'failed'
  /** Asked of the person, where a reason is. */
  reason?: string
  onBehalfOf?: string
}

/** Who did what. ADR 0023 says how it is stored and proved. */
export type Audit = {
  /**
   * Part of the caller's transaction, written right before COMMIT, in the order of the calls: no
   * row, no commit. An entry over 64 KiB is cut in its before and after, and says so.
   */
  record(tx: Tx, actor: Actor, entry: AuditEntry): void
  /**
   * A row of its own, for what has its effect outside of the database: before that begins. Durable
   * when it resolves. Throws AppError `database_unavailable`.
   */
  write(actor: Actor, entry: AuditEntry): Promise<void>
  /**
   * Of what has no transaction: an attempt to sign in, a denied request. Durable when it resolves.
   * Equal ones of one address within ten seconds are counted in one row after the first, and are
   * durable with that row. Throws AppError `database_unavailable`.
   */
  note(actor: Actor, entry: AuditEntry): Promise<void>
  /** 12 hex digits of an HMAC: equal secrets can be seen to be equal, and not read. */
  fingerprint(secret: string): string
}
