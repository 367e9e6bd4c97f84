import type { OneTimeLink, PasskeyCeremony, SecondFactorAsked } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Access } from '../access/access.ts'
import type { RefuseOutgrown } from '../access/rise.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { addPasskey } from '../factors/add-passkey.ts'
import type { LinkPasskeys, MadeForLink } from '../factors/link-passkeys.ts'
import type { RelyingParty } from '../factors/relying-party.ts'
import { isAsked, type FinishFirstFactor } from '../factors/second-step.ts'
import { nameKey } from '../names.ts'
import type { Passwords } from '../passwords/hash.ts'
import { checkPassword } from '../passwords/policy.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Devices } from './devices.ts'
import type { Links } from './links.ts'
import type { Opened } from './open-session.ts'
import { findGeneration, nextGeneration } from './standing-store.ts'
import { deleteLinksOf, findUser, lockSetUp, updateUser, type LinkRow } from './store.ts'
import { addUser, setPassword, userObject } from './user.ts'

type Deps = {
  db: Db
  clock: Clock
  audit: Audit
  epoch: Epoch
  access: Access
  sessions: Sessions
  passwords: Passwords
  links: Links
  devices: Devices
  linkPasskeys: LinkPasskeys
  finishFirstFactor: FinishFirstFactor
  refuseOutgrown: RefuseOutgrown
}

export type LinkForm = {
  token: string
  name?: string
  displayName?: string
  password?: string
  /** Instead of a password, or beside it; not where one is reset. */
  passkey?: { challenge: string; response: object; name: string }
}

type Named = { id: string; name: string }
/** By what the person will sign in: at least one. */
type Chosen = { hash: string | null; passkey: MadeForLink | null }
type Caller = { actor: Actor; userAgent: string | null; party: () => RelyingParty }

/** The forms that links lead to: creating the administrator, joining, choosing a password anew. */
export const createLinkForms = (deps: Deps) => {
  const { db, clock, audit, epoch, access, sessions, passwords, links, linkPasskeys } = deps

  const keep = async (tx: Tx, self: Actor, { hash, passkey }: Chosen): Promise<void> => {
    if (hash !== null) await setPassword(tx, deps, { userId: self.id, hash })
    if (passkey !== null) {
      await addPasskey(tx, deps, self, passkey)
      await nextGeneration(tx, self.id)
    }
    await epoch.advance(tx, 'credentials')
    await epoch.advance(tx, 'access')
  }

  const setUp = async (
    tx: Tx,
    form: { name: string; displayName?: string },
    chosen: Chosen,
    actor: Actor,
  ): Promise<Named> => {
    await lockSetUp(tx)
    if (await access.isSetUp(tx)) throw new AppError('already_set_up')
    const { name } = form
    const id = await addUser(tx, clock, {
      ...{ name, email: null },
      ...(chosen.passkey === null ? {} : { id: chosen.passkey.userId }),
    })
    await updateUser(tx, id, {
      ...{ display_name: form.displayName ?? '', email: null, disabled_at: null, preferences: {} },
    })
    const self: Actor = { ...actor, kind: 'user', id, name }
    await keep(tx, self, chosen)
    await access.grantIn(tx, self, { principalId: id, role: 'administrator' })
    await access.rememberSetUp(tx)
    audit.record(tx, self, { action: 'setup.completed', object: userObject(self) })
    return { id, name }
  }

  /** What the form of a link does, in the transaction that uses the link up. Returns whose it is. */
  const carryOut = async (
    tx: Tx,
    link: LinkRow,
    { form, chosen, actor }: { form: LinkForm; chosen: Chosen; actor: Actor },
  ): Promise<Named> => {
    if (link.purpose === 'setup') return setUp(tx, { ...form, name: nameIn(form) }, chosen, actor)
    const user = await findUser(tx, { id: link.principal_id ?? '' })
    if (user === undefined || user.disabled_at !== null) throw new AppError('link_invalid')
    await deps.refuseOutgrown(tx, user, link.made_by)
    const self: Actor = { ...actor, kind: 'user', id: user.id, name: user.name }
    await keep(tx, self, chosen)
    // Whatever somebody had of this account until now was not the person's who holds the link.
    await sessions.endAll(tx, user.id, null)
    await deleteLinksOf(tx, user.id)
    if (link.purpose === 'reset') {
      audit.record(tx, self, { action: 'password.reset', object: userObject(user) })
      return user
    }
    await updateUser(tx, user.id, { ...user, display_name: form.displayName ?? user.display_name })
    audit.record(tx, self, { action: 'user.joined', object: userObject(user) })
    return user
  }

  /** As of what was just chosen; the same transaction that changed it. */
  const markOf = async (tx: Tx, { id, name }: Named): Promise<string> => {
    const generation = await findGeneration(tx, { id })
    if (generation === null) throw new AppError('link_invalid')
    return deps.devices.mark(nameKey(name), generation)
  }

  const choosePassword = async (password: string, words: readonly string[]): Promise<string> => {
    await checkPassword(password, words)
    return passwords.hash(password)
  }

  return {
    /** Leads to all there is: for the machine alone. Throws AppError `forbidden`, `already_set_up`. */
    async createSetupLink(actor: Actor): Promise<OneTimeLink> {
      if (actor.kind !== 'local' && actor.kind !== 'system') {
        const message =
          'Set-up links are made by the command line of the machine: keelson setup-link'
        throw new AppError('forbidden', { message })
      }
      if (await access.isSetUp(db)) throw new AppError('already_set_up')
      return db.transaction(async (tx) => {
        audit.record(tx, actor, {
          action: 'setup_link.created',
          object: { kind: 'platform', id: 'keelson', name: 'keelson' },
        })
        return links.make(tx, 'setup', null, actor)
      })
    },

    /** Without a link: from a file the machine's owner has put there. */
    async setUpUnattended(form: { name: string; password: string }, actor: Actor): Promise<void> {
      const hash = await choosePassword(form.password, [form.name])
      await db.transaction((tx) => setUp(tx, form, { hash, passkey: null }, actor))
    },

    startPasskey: (
      form: { token: string; name?: string },
      party: RelyingParty,
    ): Promise<PasskeyCeremony> => linkPasskeys.begin(form, party),

    /**
     * Fills in the form of a link, which is used up only if all of it is right; signs in, or asks for
     * the second factor of somebody who has one (ASVS 5.0 6.4.3). Who is signed in gets the mark of the
     * device, as at a sign-in.
     */
    async use(
      form: LinkForm,
      caller: Caller,
    ): Promise<(Opened & { deviceMark: string }) | SecondFactorAsked> {
      const facts = await links.read(form.token)
      const { password, passkey } = form
      if (password === undefined && (passkey === undefined || facts.purpose === 'reset')) {
        throw new AppError('bad_request', { message: 'Choose a password' })
      }
      const words = [facts.name ?? nameIn(form), form.displayName ?? '']
      const hash = password === undefined ? null : await choosePassword(password, words)
      const { actor, userAgent, party } = caller
      return db.transaction(async (tx) => {
        const link = await links.take(tx, form.token)
        const made =
          passkey === undefined
            ? null
            : await linkPasskeys.verify(tx, link, { ...passkey, token: form.token }, party())
        const chosen: Chosen = { hash, passkey: made }
        const user = await carryOut(tx, link, { form, chosen, actor })
        const methods = [
          'link',
          ...(hash === null ? [] : ['password']),
          ...(made === null ? [] : ['passkey']),
        ]
        const answer = await deps.finishFirstFactor(tx, { actor, userAgent, user, methods })
        if (isAsked(answer)) return answer
        return { ...answer, deviceMark: await markOf(tx, user) }
      })
    },
  }
}

/** There is no name that one gets without choosing it (ASVS 5.0 6.3.2). */
const nameIn = ({ name }: LinkForm): string => {
  if (name !== undefined) return name
  throw new AppError('bad_request', { message: 'Choose a name to sign in by: name' })
}
