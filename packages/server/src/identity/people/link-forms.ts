import type { OneTimeLink } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Access } from '../access/access.ts'
import type { Epoch } from '../epoch/epoch.ts'
import type { Passwords } from '../passwords/hash.ts'
import { checkPassword } from '../passwords/policy.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Links } from './links.ts'
import { openSession, type Opened } from './open-session.ts'
import { findUser, lockSetUp, updateUser, type LinkRow } from './store.ts'
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
}

type LinkForm = { token: string; name?: string; displayName?: string; password: string }
type Named = { id: string; name: string }

/** The forms that links lead to: creating the administrator, joining, choosing a password anew. */
export const createLinkForms = (deps: Deps) => {
  const { db, clock, audit, epoch, access, sessions, passwords, links } = deps

  const setUp = async (
    tx: Tx,
    form: { name: string; displayName?: string },
    hash: string,
    actor: Actor,
  ): Promise<Named> => {
    await lockSetUp(tx)
    if (await access.hasAdministrator(tx)) throw new AppError('already_set_up')
    const id = await addUser(tx, clock, { name: form.name, email: null })
    const user = { id, name: form.name }
    await updateUser(tx, id, {
      ...{ display_name: form.displayName ?? '', email: null, disabled_at: null, preferences: {} },
    })
    await setPassword(tx, deps, { userId: id, hash })
    const self: Actor = { ...actor, kind: 'user', ...user }
    await access.grantIn(tx, self, { principalId: id, role: 'administrator' })
    audit.record(tx, self, { action: 'setup.completed', object: userObject(user) })
    return user
  }

  /** What the form of a link does, in the transaction that uses the link up. Returns whose it is. */
  const carryOut = async (
    tx: Tx,
    link: LinkRow,
    { form, hash, actor }: { form: LinkForm; hash: string; actor: Actor },
  ): Promise<Named> => {
    if (link.purpose === 'setup') return setUp(tx, { ...form, name: nameIn(form) }, hash, actor)
    const user = await findUser(tx, { id: link.principal_id ?? '' })
    if (user === undefined || user.disabled_at !== null) throw new AppError('link_invalid')
    const self: Actor = { ...actor, kind: 'user', id: user.id, name: user.name }
    await setPassword(tx, deps, { userId: user.id, hash })
    if (link.purpose === 'reset') {
      await sessions.endAll(tx, user.id, null)
      audit.record(tx, self, { action: 'password.reset', object: userObject(user) })
      return user
    }
    await updateUser(tx, user.id, { ...user, display_name: form.displayName ?? user.display_name })
    await epoch.advance(tx, 'access')
    audit.record(tx, self, { action: 'user.joined', object: userObject(user) })
    return user
  }

  return {
    /** Throws AppError `already_set_up`. */
    async createSetupLink(actor: Actor): Promise<OneTimeLink> {
      if (await access.hasAdministrator(db)) throw new AppError('already_set_up')
      return db.transaction(async (tx) => {
        audit.record(tx, actor, {
          action: 'setup_link.created',
          object: { kind: 'platform', id: 'keelson', name: 'keelson' },
        })
        return links.make(tx, 'setup', null)
      })
    },

    /** Without a link: from a file the machine's owner has put there. */
    async setUpUnattended(form: { name: string; password: string }, actor: Actor): Promise<void> {
      await checkPassword(form.password, [form.name])
      const hash = await passwords.hash(form.password)
      await db.transaction((tx) => setUp(tx, form, hash, actor))
    },

    /** Fills in the form of a link, which is used up only if all of it is right; signs in. */
    async use(form: LinkForm, caller: { actor: Actor; userAgent: string | null }): Promise<Opened> {
      const facts = await links.read(form.token)
      await checkPassword(form.password, [facts.name ?? nameIn(form), form.displayName ?? ''])
      const hash = await passwords.hash(form.password)
      return db.transaction(async (tx) => {
        const link = await links.take(tx, form.token)
        const user = await carryOut(tx, link, { form, hash, actor: caller.actor })
        return openSession(
          tx,
          { sessions, audit },
          { ...caller, user, methods: ['link', 'password'] },
        )
      })
    },
  }
}

/** There is no name that one gets without choosing it (ASVS 5.0 6.3.2). */
const nameIn = ({ name }: LinkForm): string => {
  if (name !== undefined) return name
  throw new AppError('bad_request', { message: 'Choose a name to sign in by: name' })
}
