import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openIdentity, type Opened } from '../testing/open-identity.ts'
import type { Caller } from './actors.ts'

/**
 * Random runs of a program that refreshes as it should and a thief who has copied its token, against
 * one promise: what was stolen works no longer than until the program has refreshed again.
 */
type Step =
  | { do: 'wait'; ms: number }
  | { do: 'refresh' } // the program goes on with its token
  | { do: 'twice' } // two tabs at once
  | { do: 'lost' } // the answer is lost and asked for again
  | { do: 'steal' }
  | { do: 'misuse' } // the thief goes on with what they have

const client = 'keelson'
const from = (address: string): Caller => ({ seen: { requestId: null, address }, userAgent: null })
const program = from('192.0.2.7')
const otherTab = from('192.0.2.80')

const steps = (names: readonly Exclude<Step['do'], 'wait'>[]) =>
  fc.array(
    fc.oneof(
      fc.record({ do: fc.constantFrom(...names) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 25_000 }) }),
    ),
    { minLength: 1, maxLength: 14 },
  )

const run = async (opened: Opened, id: string, thief: Caller, given: readonly Step[]) => {
  const { db, clock, identity } = opened
  const { families } = identity.oauth
  const use = async (token: string, caller: Caller): Promise<string | null> =>
    (await families.refresh(token, client, caller))?.refreshToken ?? null
  const { refreshToken } = await db.transaction((tx) =>
    families.begin(
      tx,
      { principal: { id, name: 'ana' }, client, scopes: null, authenticatedAt: clock.now() },
      program,
    ),
  )
  let own: string | null = refreshToken
  const stolen: string[] = []

  const goOn = async (step: 'refresh' | 'twice' | 'lost'): Promise<void> => {
    const token = own
    if (token === null) return
    if (step === 'lost') await use(token, program)
    const [one, other] = await Promise.all([
      use(token, program),
      ...(step === 'twice' ? [use(token, otherTab)] : []),
    ])
    if (step === 'twice') assert.equal(one, other, 'two tabs have the same token')
    own = one
  }

  const take = async (step: Step): Promise<void> => {
    if (step.do === 'wait') return clock.advance(step.ms)
    if (step.do === 'steal') {
      if (own !== null) stolen.push(own)
      return
    }
    if (step.do !== 'misuse') return goOn(step.do)
    const last = stolen.at(-1)
    const next = last === undefined ? null : await use(last, thief)
    if (next !== null) stolen.push(next)
  }

  for (const step of given) await take(step)
  return {
    own: () => own,
    goOn: () => goOn('refresh'),
    /** How many of the stolen ones still work. */
    async working(): Promise<number> {
      let working = 0
      for (const token of stolen) if ((await use(token, thief)) !== null) working += 1
      return working
    },
  }
}

const open = async () => {
  const opened = await openIdentity()
  return { opened, id: await opened.addPerson('ana') }
}

test('ASVS 10.4.5: whatever they did, a thief elsewhere has nothing once the program refreshes', async () => {
  const { opened, id } = await open()
  await using _ = opened
  const all = steps(['refresh', 'twice', 'lost', 'steal', 'misuse'])
  await fc.assert(
    fc.asyncProperty(all, async (given) => {
      const done = await run(opened, id, from('203.0.113.9'), given)
      await done.goOn()
      assert.equal(await done.working(), 0)
    }),
    { numRuns: 40 },
  )
})

test('ASVS 10.4.5: a thief in the same network has nothing beyond ten seconds', async () => {
  const { opened, id } = await open()
  await using _ = opened
  const all = steps(['refresh', 'twice', 'lost', 'steal', 'misuse'])
  await fc.assert(
    fc.asyncProperty(all, async (given) => {
      const done = await run(opened, id, from('192.0.2.66'), given)
      opened.clock.advance(10_001)
      await done.goOn()
      opened.clock.advance(10_001)
      assert.equal(await done.working(), 0)
    }),
    { numRuns: 40 },
  )
})

test('without a thief a program never loses its sign-in', async () => {
  const { opened, id } = await open()
  await using _ = opened
  await fc.assert(
    fc.asyncProperty(steps(['refresh', 'twice', 'lost']), async (given) => {
      const done = await run(opened, id, from('203.0.113.9'), given)
      assert.notEqual(done.own(), null)
    }),
    { numRuns: 30 },
  )
})

test('a refresh that is cut off leaves everything as it was', async () => {
  const { opened, id } = await open()
  await using _ = opened
  const { db, identity, clock } = opened
  const { families } = identity.oauth
  const { refreshToken } = await db.transaction((tx) =>
    families.begin(
      tx,
      { principal: { id, name: 'ana' }, client, scopes: null, authenticatedAt: clock.now() },
      program,
    ),
  )
  // The last statement before COMMIT writes the audit.
  await db.execute('alter table kernel.audit_lane rename to audit_lane_away')
  await assert.rejects(families.refresh(refreshToken, client, program))
  await db.execute('alter table kernel.audit_lane_away rename to audit_lane')
  clock.advance(60_000)
  const issued = await families.refresh(refreshToken, client, program)
  assert.notEqual(issued, null)
})
