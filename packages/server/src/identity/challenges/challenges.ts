import type { Clock } from '../../kernel/clock.ts'
import type { Db, Queryable } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { digestOf, newToken } from '../one-time.ts'
import {
  countAttempt,
  findChallenge,
  insertChallenge,
  takeChallenge,
  type ChallengeRow,
} from './store.ts'

/** What a browser is in the middle of; a challenge of one purpose is none of another. */
export type ChallengePurpose =
  | 'second_factor'
  | 'passkey_sign_in'
  | 'passkey_registration'
  | 'link_passkey'
  | 'provider_sign_in'
  | 'provider_link'
  | 'provider_proved'

/** Of a code of six digits: five tries in a million. */
const attemptsMax = 5

export type Challenges = {
  /** Answers with the token by which it is known; kept as a digest. */
  make(
    on: Queryable,
    given: {
      purpose: ChallengePurpose
      principalId: string | null
      facts: unknown
      lifeMs: number
    },
  ): Promise<{ token: string; expiresAt: Date }>
  /** Counts nothing. Throws AppError `challenge_invalid`. */
  peek(token: string, purpose: ChallengePurpose): Promise<ChallengeRow>
  /** Counts an attempt and leaves it there. Throws AppError `challenge_invalid`. */
  attempt(token: string, purpose: ChallengePurpose): Promise<ChallengeRow>
  /** Uses it up. Throws AppError `challenge_invalid`. */
  take(on: Queryable, token: string, purpose: ChallengePurpose): Promise<ChallengeRow>
}

export const createChallenges = ({ db, clock }: { db: Db; clock: Clock }): Challenges => {
  const found = (row: ChallengeRow | undefined): ChallengeRow => {
    if (row === undefined) throw new AppError('challenge_invalid')
    return row
  }
  return {
    async make(on, { lifeMs, ...given }) {
      const token = newToken()
      const now = clock.now()
      const expiresAt = new Date(now.getTime() + lifeMs)
      await insertChallenge(on, { ...given, digest: digestOf(token), now, expiresAt })
      return { token, expiresAt }
    },
    peek: async (token, purpose) =>
      found(await findChallenge(db, { digest: digestOf(token), purpose, now: clock.now() })),
    attempt: async (token, purpose) =>
      found(
        await countAttempt(db, {
          ...{ digest: digestOf(token), purpose, now: clock.now(), attemptsMax },
        }),
      ),
    take: async (on, token, purpose) =>
      found(await takeChallenge(on, { digest: digestOf(token), purpose, now: clock.now() })),
  }
}
