/**
 * A process of its own for tests: handles events by writing down their positions, and dies by
 * kill -9 between its handler and the commit when it comes to the `--crash-at`th event.
 */
import { parseArgs } from 'node:util'
import { systemClock } from '../clock.ts'
import { createDb } from '../db.ts'
import { createEvents } from '../events.ts'
import { quietLog } from './log.ts'

const { values } = parseArgs({
  options: { database: { type: 'string' }, 'crash-at': { type: 'string' } },
})
const db = createDb({ connectionString: values.database ?? '', log: quietLog })
const events = createEvents({ db, clock: systemClock, log: quietLog })
let handled = 0
events.subscribe({
  name: 'ledger',
  types: 'all',
  handle: async (event, tx) => {
    await tx.execute('insert into effect (position, subject) values ($1, $2)', [
      event.position,
      event.subject,
    ])
    handled += 1
    if (handled === Number(values['crash-at'])) process.kill(process.pid, 'SIGKILL')
  },
})
await events.start()
