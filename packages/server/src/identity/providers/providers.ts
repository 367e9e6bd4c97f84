import { isDeepStrictEqual } from 'node:util'
import { platformObject, type Provider, type ProviderSettings } from '@keelson/contract'
import { can, type Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Keyring } from '../../kernel/keys/index.ts'
import type { Access } from '../access/access.ts'
import type { ChangeRights, RefuseToGive } from '../access/rise.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { grantKey } from './group-grants.ts'
import {
  deleteProvider,
  endSessionsBy,
  findProvider,
  lockProvider,
  selectFollowing,
  selectProviders,
  upsertProvider,
  type ProviderRow,
} from './provider-store.ts'
import type { RelyingParty } from './relying-party.ts'
import { sealSecret } from './secret.ts'
import { checkIssuer, checkRoles, settingsAfter, toldOf } from './settings.ts'

type Deps = {
  db: Db
  clock: Clock
  audit: Audit
  epoch: Epoch
  access: Access
  changeRights: ChangeRights
  refuseToGive: RefuseToGive
  keyring: Keyring
  publicUrl: string
  relyingParty: RelyingParty
}

/** Where a provider sends people back to: one address each, so that none can answer for another. */
export const redirectUriOf = (publicUrl: string, providerId: string): string =>
  `${publicUrl}/sign-in/${providerId}/callback`

export const providerObject = ({ id, name }: Pick<ProviderRow, 'id' | 'name'>) => ({
  ...{ kind: 'provider', id, name },
})

export const noProvider = (id: string): AppError =>
  new AppError('not_found', { message: `There is no provider ${id}` })

/** OpenID providers by which people sign in. Every verb is one transaction with its row in the audit. */
export const createProviders = (deps: Deps) => {
  const { db, clock, audit, epoch, access, keyring, publicUrl, relyingParty } = deps
  const { changeRights, refuseToGive } = deps

  const describe = (row: ProviderRow & { users: number }): Provider => ({
    ...{ id: row.id, ...toldOf(row), hasSecret: row.sealed_secret !== null, users: row.users },
    roles: row.role_map,
    redirectUri: redirectUriOf(publicUrl, row.id),
    createdAt: row.created_at.toISOString(),
  })

  const usersOf = async (id: string): Promise<number> =>
    (await selectProviders(db)).find((row) => row.id === id)?.users ?? 0

  const rowAfter = (id: string, given: ProviderSettings, before: ProviderRow | undefined) => {
    const { clientSecret } = given
    const settings = settingsAfter(given, before, clock.now())
    const kept = before?.sealed_secret ?? null
    const sealed_secret =
      typeof clientSecret === 'string'
        ? sealSecret(keyring, id, clientSecret)
        : clientSecret === null
          ? null
          : kept
    return { id, ...settings, sealed_secret, created_at: before?.created_at ?? clock.now() }
  }

  /** What the settings of another provider must not come by: its people, and its secret. */
  const checkMove = async (next: ProviderRow, before: ProviderRow, given: ProviderSettings) => {
    if (next.issuer === before.issuer) return
    const users = await usersOf(next.id)
    if (users > 0) {
      const message = `${users} of ${before.issuer} are known by ${next.id}: make another provider`
      throw new AppError('bad_request', { message })
    }
    if (next.sealed_secret === null || given.clientSecret !== undefined) return
    const message = `Give clientSecret again: the one of ${before.issuer} is not sent to others`
    throw new AppError('bad_request', { message })
  }

  /** Its word becomes another one, or counts again. */
  const isOtherWord = (next: ProviderRow, before: ProviderRow | undefined): boolean => {
    if (!isPowerful(next) && (before === undefined || !isPowerful(before))) return false
    const enabled = next.disabled_at === null && before?.disabled_at !== null
    return before === undefined || enabled || !isDeepStrictEqual(wordOf(next), wordOf(before))
  }

  /** Whoever says who is in its groups, or what it proved, says what people may. */
  const checkRights = (next: ProviderRow, before: ProviderRow | undefined, actor: Actor): void => {
    if (!isOtherWord(next, before) || can(actor, 'access:write', platformObject)) return
    const message = 'What gives roles to groups, or stands for a second factor, takes access:write'
    throw new AppError('forbidden', { message })
  }

  /** Grants that nothing of the map stands behind any more; all, when the provider is disabled. */
  const revokeLoose = async (tx: Tx, next: ProviderRow, actor: Actor): Promise<void> => {
    const kept = new Set(next.disabled_at === null ? next.role_map.map(grantKey) : [])
    for (const grant of await selectFollowing(tx, next.id, null)) {
      const key = grantKey({ role: grant.role, on: grant.selector })
      if (!kept.has(key)) await access.revokeIn(tx, actor, grant.id)
    }
  }

  const put = async (tx: Tx, next: ProviderRow, before: ProviderRow | undefined, actor: Actor) => {
    const write = async (): Promise<void> => {
      await upsertProvider(tx, next)
      await revokeLoose(tx, next, actor)
    }
    // To disable one takes `system:write` alone, whomever its groups made mightier than that.
    await (isOtherWord(next, before)
      ? changeRights(tx, actor, write)
      : access.keepAnAdministrator(tx, write))
    const ends = next.disabled_at !== null && before?.disabled_at === null
    const sessions = ends ? await endSessionsBy(tx, next.id, null) : 0
    await epoch.advance(tx, 'credentials')
    await epoch.advance(tx, 'access')
    const secret = next.sealed_secret === before?.sealed_secret ? {} : { clientSecret: 'changed' }
    audit.record(tx, actor, {
      action: before === undefined ? 'provider.created' : 'provider.changed',
      object: providerObject(next),
      ...(before === undefined ? {} : { before: toldOf(before) }),
      after: { ...toldOf(next), ...secret, ...(ends ? { sessions } : {}) },
    })
  }

  return {
    list: async (): Promise<Provider[]> => (await selectProviders(db)).map(describe),

    /** What the sign-in page offers. */
    onSignIn: async (): Promise<{ id: string; name: string }[]> =>
      (await selectProviders(db))
        .filter((row) => row.disabled_at === null)
        .map(({ id, name }) => ({ id, name })),

    /**
     * Throws AppError `provider_unusable` with what is wrong, `not_found` for a role, `forbidden`,
     * `last_administrator`; nothing has changed then. A disabled one is not asked whether it works.
     */
    async put(id: string, given: ProviderSettings, actor: Actor): Promise<Provider> {
      const known = await findProvider(db, id)
      const asked = rowAfter(id, given, known)
      checkIssuer(asked)
      checkRights(asked, known, actor)
      await checkRoles(db, asked)
      if (asked.disabled_at === null) {
        await relyingParty.prove({ issuer: asked.issuer, allowsInternal: asked.allows_internal })
      }
      const next = await db.transaction(async (tx) => {
        const before = await lockProvider(tx, id)
        const row = rowAfter(id, given, before)
        checkRights(row, before, actor)
        if (isOtherWord(row, before)) {
          await refuseToGive(tx, [...row.role_map, ...(before?.role_map ?? [])], actor)
        }
        if (before !== undefined) await checkMove(row, before, given)
        await put(tx, row, before, actor)
        return row
      })
      return describe({ ...next, users: await usersOf(id) })
    },

    /** Throws AppError `not_found`, `last_administrator`. */
    async remove(id: string, actor: Actor): Promise<void> {
      await db.transaction(async (tx) => {
        const before = await lockProvider(tx, id)
        if (before === undefined) throw noProvider(id)
        let grants = 0
        const sessions = await endSessionsBy(tx, id, null)
        await access.keepAnAdministrator(tx, async () => {
          grants = await access.revokeAllIn(tx, actor, { providerId: id })
          await deleteProvider(tx, id)
        })
        await epoch.advance(tx, 'credentials')
        await epoch.advance(tx, 'access')
        audit.record(tx, actor, {
          ...{ action: 'provider.deleted', object: providerObject(before) },
          ...{ before: toldOf(before), after: { sessions, grants } },
        })
      })
    },
  }
}

/** It gives roles, or spares people the second factor. */
const isPowerful = (row: ProviderRow): boolean => row.role_map.length > 0 || row.trusts_factors

/** All that decides whom it vouches for, and for what: not its name, and not that it is disabled. */
const wordOf = (row: ProviderRow): object => {
  const { name: _name, disabled_at: _disabledAt, created_at: _createdAt, ...word } = row
  return word
}
