import type { GatewayQuestion } from '../node-states.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import { AppError, messageOf } from '../../kernel/errors.ts'
import type { Log } from '../../kernel/log.ts'
import {
  answerChannel,
  answerQuestion,
  askNodes,
  deleteQuestions,
  findAnswers,
  questionChannel,
  selectQuestions,
  type AnswerRow,
} from './store.ts'

/**
 * How the control process asks its gateways something, and how they answer: rows and notifications, as
 * draining does. A gateway that is silent is left out after the time limit; questions are removed by
 * whoever asked them, and those of a control process that died by the next one.
 */
export type Asked<T> = { node: string; value: T }

type AskingDeps = { db: Db; newId: () => string; clock: Clock; log: Log }

const silentMs = 10_000
const pollMs = 250
const timeLimitMsDefault = 2_000

export type Questions = ReturnType<typeof createQuestions>

export const createQuestions = ({ db, newId, clock, log }: AskingDeps) => {
  let listener: { close(): Promise<void> } | undefined
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const look of waiting) look()
  }

  /** Resolves when somebody may have answered, or after a while: notifications can be lost. */
  const news = (): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        timer.cancel()
        waiting.delete(done)
        resolve()
      }
      const timer = clock.setTimer(done, pollMs)
      waiting.add(done)
    })

  const answersTo = async (ids: readonly string[], untilMs: number): Promise<AnswerRow[]> => {
    for (;;) {
      const mayBeNews = news()
      const rows = await findAnswers(db, ids)
      if (rows.length === ids.length || clock.monotonicMs() >= untilMs) {
        wake()
        return rows
      }
      await mayBeNews
    }
  }

  return {
    async start(): Promise<void> {
      await deleteQuestions(db, null)
      listener = await db.listen(answerChannel, wake)
    },
    async stop(): Promise<void> {
      await listener?.close()
    },

    /**
     * Asks every gateway that lives. Those that do not answer in time, or fail, are missing in what
     * comes back. Throws AppError('gateway_unavailable') when none answers.
     */
    async ask<T>(
      body: GatewayQuestion,
      timeLimitMs: number = timeLimitMsDefault,
    ): Promise<Asked<T>[]> {
      const since = new Date(clock.now().getTime() - silentMs)
      const asked = await askNodes(db, { body, since, askedAt: clock.now(), newId })
      if (asked.length === 0) {
        throw new AppError('gateway_unavailable', { message: 'No gateway is running' })
      }
      try {
        const rows = await answersTo(asked, clock.monotonicMs() + timeLimitMs)
        for (const { node, answer } of rows) {
          if (answer.error !== undefined)
            log.warn({ node, reason: answer.error }, 'gateway could not answer')
        }
        const good = rows.filter(({ answer }) => answer.error === undefined)
        if (good.length === 0) {
          const [first] = rows
          const message = first?.answer.error ?? 'No gateway answered in time'
          throw new AppError('gateway_unavailable', { message })
        }
        return good.map(({ node, answer }) => ({ node, value: answer.value as T }))
      } finally {
        await deleteQuestions(db, asked).catch((error: unknown) =>
          log.debug({ reason: messageOf(error) }, 'questions stay until the next start'),
        )
      }
    },
  }
}

type AnsweringDeps = {
  db: Db
  log: Log
  node: string
  answer: (question: GatewayQuestion) => unknown
}

/** The gateway's side. Several at once: warming a cache takes longer than telling a state. */
export const createAnswering = ({ db, log, node, answer }: AnsweringDeps) => {
  let listener: { close(): Promise<void> } | undefined
  const underWay = new Map<string, Promise<void>>()
  let looking: Promise<void> = Promise.resolve()

  const answerOne = async (id: string, question: GatewayQuestion): Promise<void> => {
    try {
      const reply = await Promise.resolve()
        .then(() => answer(question))
        .then(
          (value) => ({ value: value ?? null }),
          (error: unknown) => ({ error: messageOf(error) }),
        )
      await answerQuestion(db, id, reply)
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'an answer is lost with the database')
    } finally {
      underWay.delete(id)
    }
  }

  const lookOnce = async (): Promise<void> => {
    try {
      for (const { id, body } of await selectQuestions(db, node)) {
        if (!underWay.has(id)) underWay.set(id, answerOne(id, body))
      }
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'questions wait for the database')
    }
  }
  const look = (): void => {
    looking = looking.then(lookOnce)
  }

  return {
    async start(): Promise<void> {
      listener = await db.listen(questionChannel, look)
      look()
    },
    async stop(): Promise<void> {
      await listener?.close()
      await looking
      await Promise.all(underWay.values())
    },
  }
}
