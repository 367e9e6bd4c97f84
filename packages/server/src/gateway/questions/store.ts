import type { Queryable } from '../../kernel/db.ts'
import type { GatewayQuestion } from '../node-states.ts'

export const questionChannel = 'keelson_gateway_questions'
export const answerChannel = 'keelson_gateway_answers'

export type AnswerRow = { node: string; answer: { value?: unknown; error?: string } }

/** Asks every gateway that spoke since then; ids of the questions. */
export const askNodes = async (
  db: Queryable,
  question: { body: GatewayQuestion; since: Date; askedAt: Date; newId: () => string },
): Promise<string[]> => {
  const nodes = await db.many<{ id: string }>(
    'select id from gateway.node where updated_at > $1 order by id',
    [question.since],
  )
  if (nodes.length === 0) return []
  const ids = nodes.map(() => question.newId())
  await db.many(
    `with asked as (
       insert into gateway.question (id, node, asked_at, body)
       select * from unnest($1::uuid[], $2::text[]) as each (id, node), (select $3::timestamptz, $4::jsonb) as rest
       returning id)
     select pg_notify('${questionChannel}', '') from asked limit 1`,
    [ids, nodes.map(({ id }) => id), question.askedAt, JSON.stringify(question.body)],
  )
  return ids
}

/** Of these questions, those that are answered. */
export const findAnswers = (db: Queryable, ids: readonly string[]): Promise<AnswerRow[]> =>
  db.many(
    'select node, answer from gateway.question where id = any($1::uuid[]) and answer is not null',
    [ids],
  )

/** Null: all of them. */
export const deleteQuestions = async (
  db: Queryable,
  ids: readonly string[] | null,
): Promise<void> => {
  await db.execute(
    'delete from gateway.question where $1::uuid[] is null or id = any($1::uuid[])',
    [ids],
  )
}

export const selectQuestions = (
  db: Queryable,
  node: string,
): Promise<{ id: string; body: GatewayQuestion }[]> =>
  db.many(
    'select id, body from gateway.question where node = $1 and answer is null order by asked_at limit 100',
    [node],
  )

export const answerQuestion = async (
  db: Queryable,
  id: string,
  answer: AnswerRow['answer'],
): Promise<void> => {
  await db.many(
    `with answered as (update gateway.question set answer = $2 where id = $1 returning id)
     select pg_notify('${answerChannel}', '') from answered`,
    [id, JSON.stringify(answer)],
  )
}
