import type { Permission } from '@keelson/contract'

/** Whom a credential has proved. `access` makes an Actor of it. */
export type Principal = {
  kind: 'user' | 'service_account' | 'stack_service'
  id: string
  name: string
  /** As `session:<id>` or `token:<public id>`. */
  credential: string
  provenBy: 'cookie' | 'bearer'
  /** What a token may do at most; null: all that its owner may. */
  scopes: readonly Permission[] | null
  /** Those who made its token for somebody else, whose rights bound it; without, nobody's do. */
  boundedBy?: readonly string[]
  /** Of an API token: which of its secrets, counted from 1; without, it came by none of them. */
  secretNumber?: number
  expiresAt: Date | null
  /** When it last proved itself with a password or a factor; null for tokens. */
  authenticatedAt: Date | null
  /** Of a session: what was proved, as `password` and `totp`; without, nothing is known of it. */
  methods?: readonly string[]
}
