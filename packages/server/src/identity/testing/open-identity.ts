import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { FastifyRequest } from 'fastify'
import type { SecondFactorAsked } from '@keelson/contract'
import { anonymous, localActor, type Actor } from '../../kernel/actor.ts'
import { createAuditRecorder } from '../../kernel/audit/recorder.ts'
import { AppError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import { createKeyring } from '../../kernel/keys/index.ts'
import { Secret } from '../../kernel/log.ts'
import { createManualClock, createTestDb, quietLog, until } from '../../kernel/testing/index.ts'
import { isAsked } from '../factors/second-step.ts'
import { createIdentity } from '../identity.ts'
import { nameKey } from '../names.ts'
import { createPasswords } from '../passwords/hash.ts'
import { epochChannel } from '../epoch/store.ts'
import { insertUser, putPassword } from '../people/store.ts'

const migrations = [{ domain: 'identity', dir: join(import.meta.dirname, '../migrations') }]
export const localToken = new Secret('L'.repeat(43))
const publicUrlUnlessTold = 'http://127.0.0.1:7070'
/** Of everybody here who has one; hashed once. */
export const password = 'gravel lantern oboe'
let hash: Promise<string> | undefined

/** Identity over a database of its own, with time that moves when it is told to. */
export const openIdentity = async ({
  publicUrl = publicUrlUnlessTold,
  /** When time begins; browsers have their own. */
  startsAt,
}: { publicUrl?: string; startsAt?: Date } = {}) => {
  const test = await createTestDb({ migrations })
  const { db } = test
  const clock = createManualClock(startsAt)
  const keyring = createKeyring(new Map([[1, Buffer.alloc(32, 1)]]))
  const audit = createAuditRecorder({ db, clock, log: quietLog, keyring })
  const deps = { db, clock, audit, keyring, log: quietLog, localToken, publicUrl }
  const identity = createIdentity(deps)
  await identity.start(undefined)

  const authenticate = (token: string): Promise<Actor> =>
    identity.authenticate(requestWith({ cookie: `keelson_session=${token}` }))

  return {
    ...{ db, clock, identity, deps, authenticate },

    /** A user who can sign in, without the price of another hash. */
    async addPerson(name: string, role?: string): Promise<string> {
      hash ??= createPasswords().hash(password)
      const id = newId()
      await insertUser(db, { id, name, nameKey: nameKey(name), email: null, now: clock.now() })
      await putPassword(db, id, await hash, clock.now())
      if (role !== undefined) {
        await db.transaction((tx) =>
          identity.access.grantIn(tx, localActor, { principalId: id, role }),
        )
      }
      return id
    },

    /** Of somebody without a second factor. */
    signIn: async (name: string, from: SignInFrom = {}) =>
      entered(
        await identity.signIn({ name, password: from.password ?? password }, callerFrom(from)),
      ),

    /** Of somebody with one. */
    async askedAfterPassword(name: string, from: SignInFrom = {}) {
      const given = { name, password: from.password ?? password }
      const answer = await identity.signIn(given, callerFrom(from))
      assert.ok(isAsked(answer), `${name} was signed in by the password alone`)
      return answer
    },

    kindOf: async (token: string): Promise<string> => (await authenticate(token)).kind,

    /** Moves time on, until what is known of rights is confirmed again. */
    async later(ms: number): Promise<void> {
      clock.advance(ms)
      await db.execute('select pg_notify($1, $2)', [epochChannel, ''])
      await until('rights are confirmed', () => authenticate('x').then(() => true, isUnconfirmed))
    },

    /** What the audit says of this, oldest first: `user.invited done by ana about leo`. */
    async audited(...actions: readonly string[]): Promise<string[]> {
      const rows = await db.many<
        Record<'action' | 'outcome' | 'actor_name' | 'object_name', string>
      >(
        `select action, outcome, actor_name, object_name from kernel.audit_entry
         where action = any($1) order by xmin::text::bigint, lane, number`,
        [actions],
      )
      return rows.map(
        (row) => `${row.action} ${row.outcome} by ${row.actor_name} about ${row.object_name}`,
      )
    },

    async [Symbol.asyncDispose]() {
      await identity.stop()
      await audit.close()
      await test[Symbol.asyncDispose]()
    },
  }
}

export type Opened = Awaited<ReturnType<typeof openIdentity>>

export type SignInFrom = {
  password?: string
  address?: string
  userAgent?: string
  deviceMark?: string
  /** As whom the browser is signed in already. */
  actor?: Actor
}

export const callerFrom = (from: SignInFrom) => ({
  actor: from.actor ?? visitor(from.address),
  ...{ userAgent: from.userAgent ?? null, deviceMark: from.deviceMark },
})

/** What was answered to a sign-in that was all. */
export const entered = <T extends object>(answer: T): Exclude<T, SecondFactorAsked> => {
  assert.ok(!('challenge' in answer), 'a second factor was asked for')
  return answer as Exclude<T, SecondFactorAsked>
}

/** Nobody yet, from somewhere. */
export const visitor = (address = '192.0.2.7'): Actor => ({
  ...anonymous,
  origin: { ...anonymous.origin, address, via: 'page' },
})

export const requestWith = (headers: Record<string, string>, protocol = 'http'): FastifyRequest =>
  ({ headers, protocol, id: 'request-1', ip: '192.0.2.7' }) as FastifyRequest

export const isError =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof AppError && error.code === code

const isUnconfirmed = (error: unknown): false => {
  if (isError('database_unavailable')(error)) return false
  throw error
}

/** The token of a link. */
export const tokenIn = ({ url }: { url: string }): string => new URL(url).hash.slice(1)
