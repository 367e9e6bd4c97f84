import { builtInRoles, type SignInPolicy } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Queryable } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { createFactorRule } from '../access/factor-rule.ts'
import { findRole, noRole, selectRoles } from '../access/role-store.ts'
import type { ChangeRights, RefuseToAsk } from '../access/rise.ts'
import { readFacts } from '../access/store.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { sessionIn } from '../sessions/sessions.ts'
import { findMethods } from '../sessions/store.ts'
import { readFactorRoles, writeFactorRoles } from './store.ts'

type Deps = {
  db: Db
  clock: Clock
  audit: Audit
  epoch: Epoch
  changeRights: ChangeRights
  refuseToAsk: RefuseToAsk
}

/** Whose roles ask for a second factor. */
export const createSignInPolicy = (deps: Deps) => {
  const { db, clock, audit, epoch, changeRights, refuseToAsk } = deps

  /** Whoever makes it has what it asks for, or has locked themselves out. */
  const refuseToLackIt = async (tx: Queryable, actor: Actor): Promise<void> => {
    if (actor.kind !== 'user') return
    const rule = createFactorRule(await readFacts(tx))
    if (!rule.isLacking(actor.id, clock.now().getTime())) return
    const session = sessionIn(actor)
    const methods = session === null ? [] : await findMethods(tx, session)
    if (methods.includes('provider_factor')) return
    const message = 'This would lock you out: add a second factor to your own account first'
    throw new AppError('factor_required', { message })
  }

  return {
    /** Without roles that were deleted. */
    async get(): Promise<SignInPolicy> {
      const own = new Set((await selectRoles(db)).map(({ name }) => name))
      const isKnown = (role: string) => own.has(role) || Object.hasOwn(builtInRoles, role)
      return { factorRoles: (await readFactorRoles(db)).filter(isKnown) }
    },

    /** Throws AppError `not_found` for a role there is not, `factor_required`, `forbidden`. */
    async put({ factorRoles }: SignInPolicy, actor: Actor): Promise<SignInPolicy> {
      const next = factorRoles.toSorted()
      await db.transaction(async (tx) => {
        for (const role of next) {
          if (Object.hasOwn(builtInRoles, role)) continue
          if ((await findRole(tx, role)) === undefined) throw noRole(role)
        }
        await changeRights(tx, actor, async () => {
          const before = await readFactorRoles(tx)
          const differing = new Set(before).symmetricDifference(new Set(next))
          if (differing.size === 0) return
          await refuseToAsk(tx, [...differing], actor)
          await writeFactorRoles(tx, next)
          await refuseToLackIt(tx, actor)
          await epoch.advance(tx, 'access')
          audit.record(tx, actor, {
            action: 'sign_in_policy.changed',
            object: { kind: 'platform', id: 'keelson', name: 'keelson' },
            ...{ before: { factorRoles: before }, after: { factorRoles: next } },
          })
        })
      })
      return { factorRoles: next }
    },
  }
}
