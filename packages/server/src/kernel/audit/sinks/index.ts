import type { Clock } from '../../clock.ts'
import type { Db } from '../../db.ts'
import type { AuditSinks } from '../../env-audit.ts'
import type { Log } from '../../log.ts'
import { createShipper, type Shipper } from './shipper.ts'
import { createSyslog } from './syslog.ts'
import { createWebhook } from './webhook.ts'

type Deps = { db: Db; clock: Clock; log: Log; sinks?: AuditSinks }

/** One for each place the audit is to be delivered to; none unless told. */
export const createShippers = ({ sinks, ...deps }: Deps): Shipper[] => [
  ...(sinks?.syslog === undefined
    ? []
    : [createShipper({ ...deps, name: 'syslog', delivery: createSyslog(sinks.syslog) })]),
  ...(sinks?.webhook === undefined
    ? []
    : [createShipper({ ...deps, name: 'webhook', delivery: createWebhook(sinks.webhook, deps) })]),
]
