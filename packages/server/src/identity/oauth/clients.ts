import type { ClientSession } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { deviceOf } from '../sessions/device.ts'
import { clientObject } from './actors.ts'
import { deleteFamily, findOwnFamily, listFamilies, type FamilyRow } from './family-store.ts'

type Deps = { db: Db; clock: Clock; audit: Audit; epoch: Epoch }

/** What people do about the programs they signed in. */
export const createClients = ({ db, clock, audit, epoch }: Deps) => ({
  async list(actor: Actor): Promise<ClientSession[]> {
    const families = await listFamilies(db, actor.id, clock.now())
    return families.map((family) => describe(family, actor))
  },

  /** Throws AppError `not_found`. */
  async revoke(actor: Actor, id: string): Promise<void> {
    await db.transaction(async (tx) => {
      const family = await findOwnFamily(tx, { id, principalId: actor.id })
      if (family === undefined || !(await deleteFamily(tx, id))) {
        throw new AppError('not_found', { message: 'There is no such program of yours' })
      }
      await epoch.advance(tx, 'credentials')
      audit.record(tx, actor, { action: 'client.revoked', object: clientObject(family) })
    })
  },
})

const describe = (family: FamilyRow, actor: Actor): ClientSession => ({
  id: family.id,
  current: actor.origin.credential === `client:${family.id}`,
  ...{ client: family.client, scopes: family.scopes },
  createdAt: family.created_at.toISOString(),
  lastUsedAt: family.last_used_at.toISOString(),
  expiresAt: family.expires_at.toISOString(),
  ...{ address: family.address, device: deviceOf(family.user_agent) },
})
