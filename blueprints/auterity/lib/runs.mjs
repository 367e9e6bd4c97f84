// Runs of workflows: a row each, and a job in Redis that some worker takes.
import { randomUUID } from 'node:crypto'
import { Refusal } from '../../shared/service.mjs'
import { currentTrace } from './telemetry.mjs'

export const queue = { waiting: 'jobs:waiting', taken: 'jobs:taken', dead: 'jobs:dead' }
/** While this is there, somebody works on the run. */
export const aliveKey = (run) => `jobs:alive:${run}`
export const aliveSeconds = 10
export const eventChannel = 'auterity:runs'
const waitingMax = 10_000

export const schema = `
  create table if not exists workflows (
    id uuid primary key,
    name text not null unique,
    steps jsonb not null,
    created_at timestamptz not null default now()
  );
  create table if not exists runs (
    id uuid primary key,
    workflow_id uuid not null references workflows on delete cascade,
    cause text not null,
    state text not null default 'waiting',
    input jsonb not null,
    results jsonb not null default '[]',
    error text,
    created_at timestamptz not null default now(),
    ended_at timestamptz
  );
  create index if not exists runs_newest on runs (created_at desc);
  create table if not exists schedules (
    workflow_id uuid primary key references workflows on delete cascade,
    every_seconds integer not null check (every_seconds between 1 and 86400),
    input jsonb not null,
    next_at timestamptz not null
  );`

/** Tells everybody who looks what became of a run. */
export const tell = (redis, event) => redis.command('PUBLISH', eventChannel, JSON.stringify(event))

/**
 * Writes a run down and hands it to the workers.
 * @param {{ workflowId: string, input: object, cause: 'person' | 'schedule' | 'webhook' }} asked
 */
export const startRun = async (database, redis, { workflowId, input, cause }) => {
  if ((await redis.command('LLEN', queue.waiting)) >= waitingMax) {
    throw new Refusal(503, `${waitingMax} runs wait already`)
  }
  const id = randomUUID()
  const found = await database.query(
    `insert into runs (id, workflow_id, cause, input)
     select $1, id, $2, $3 from workflows where id::text = $4 returning id`,
    [id, cause, JSON.stringify(input), workflowId],
  )
  if (found.length === 0) throw new Refusal(404, `There is no workflow ${workflowId}`)
  await redis.command(
    'LPUSH',
    queue.waiting,
    JSON.stringify({ run: id, attempt: 1, trace: currentTrace() }),
  )
  await tell(redis, { run: id, state: 'waiting' })
  return { id, state: 'waiting' }
}
