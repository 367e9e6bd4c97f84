import type { Queryable } from '../../../kernel/db.ts'
import type { StartRecord } from './start-record.ts'

export const selectStarts = async (db: Queryable): Promise<StartRecord[]> => {
  const rows = await db.many<{ start: StartRecord }>('select start from orchestrator.stack_start')
  return rows.map(({ start }) => start)
}

export const saveStart = async (db: Queryable, start: StartRecord): Promise<void> => {
  await db.execute(
    `insert into orchestrator.stack_start (stack, start) values ($1, $2)
     on conflict (stack) do update set start = excluded.start`,
    [start.stack, JSON.stringify(start)],
  )
}

export const deleteStart = async (db: Queryable, stack: string): Promise<void> => {
  await db.execute('delete from orchestrator.stack_start where stack = $1', [stack])
}
