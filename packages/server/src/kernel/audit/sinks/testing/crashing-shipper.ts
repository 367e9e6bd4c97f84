/** A process of its own for tests: delivers the audit of a database to where it is told, until it is killed. */
import { parseArgs } from 'node:util'
import { systemClock } from '../../../clock.ts'
import { createDb } from '../../../db.ts'
import { parseAuditSinks } from '../../../env-audit.ts'
import { quietLog } from '../../../testing/index.ts'
import { createShippers } from '../index.ts'

const { values } = parseArgs({ options: { database: { type: 'string' } } })
const db = createDb({ connectionString: values.database ?? '', log: quietLog })
const sinks = parseAuditSinks(process.env)
for (const shipper of createShippers({ db, clock: systemClock, log: quietLog, sinks })) {
  shipper.start()
}
