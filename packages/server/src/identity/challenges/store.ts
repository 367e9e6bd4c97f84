import type { Queryable } from '../../kernel/db.ts'

export type ChallengeRow = { principal_id: string | null; facts: unknown }

type NewChallenge = {
  digest: Buffer
  purpose: string
  principalId: string | null
  facts: unknown
  now: Date
  expiresAt: Date
}

/** Those that are over go with it. */
export const insertChallenge = async (db: Queryable, given: NewChallenge): Promise<void> => {
  const { digest, purpose, principalId, facts, now, expiresAt } = given
  await db.execute(
    `with old as (delete from identity.challenge where expires_at < $6)
     insert into identity.challenge (token_digest, purpose, principal_id, facts, expires_at)
     values ($1, $2, $3, $4, $5)`,
    [digest, purpose, principalId, JSON.stringify(facts), expiresAt, now],
  )
}

type Which = { digest: Buffer; purpose: string; now: Date }

export const findChallenge = (
  db: Queryable,
  { digest, purpose, now }: Which,
): Promise<ChallengeRow | undefined> =>
  db.maybe<ChallengeRow>(
    `select principal_id, facts from identity.challenge
     where token_digest = $1 and purpose = $2 and expires_at > $3`,
    [digest, purpose, now],
  )

/** Counted before the answer to it is looked at: many at once are not all tried. */
export const countAttempt = (
  db: Queryable,
  { digest, purpose, now, attemptsMax }: Which & { attemptsMax: number },
): Promise<ChallengeRow | undefined> =>
  db.maybe<ChallengeRow>(
    `update identity.challenge set attempts = attempts + 1
     where token_digest = $1 and purpose = $2 and expires_at > $3 and attempts < $4
     returning principal_id, facts`,
    [digest, purpose, now, attemptsMax],
  )

export const takeChallenge = (
  db: Queryable,
  { digest, purpose, now }: Which,
): Promise<ChallengeRow | undefined> =>
  db.maybe<ChallengeRow>(
    `delete from identity.challenge
     where token_digest = $1 and purpose = $2 and expires_at > $3
     returning principal_id, facts`,
    [digest, purpose, now],
  )
