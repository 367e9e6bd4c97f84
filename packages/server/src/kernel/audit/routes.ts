import { Readable } from 'node:stream'
import { AuditExport } from '@keelson/contract'
import type { Static } from 'typebox'
import type { Http } from '../http.ts'
import type { AuditLog } from './audit-log.ts'
import { exportAudit } from './export.ts'

type Deps = { http: Http; audit: AuditLog }

export const auditRoutes = ({ http, audit }: Deps): void => {
  http.route('listAudit', ({ query: { cursor, limit, ...filter } }) =>
    audit.list(filter, { cursor, limit }),
  )
  http.route('getAuditState', () => audit.state())

  http.app.get<{ Querystring: Static<typeof AuditExport> }>(
    '/api/v1/audit/export',
    { config: { permission: 'audit:read' }, schema: { querystring: AuditExport } },
    async (request, reply) => {
      const { format, ...filter } = request.query
      await audit.note(http.actorOf(request), {
        action: 'audit.exported',
        object: { kind: 'platform', id: 'platform', name: 'platform' },
        after: { format, ...filter },
      })
      const rows = exportAudit(format, (cursor) => audit.list(filter, { cursor, limit: 1000 }))
      return reply
        .header('content-type', contentTypes[format])
        .header('content-disposition', `attachment; filename="audit.${format}"`)
        .send(Readable.from(rows))
    },
  )
}

const contentTypes = {
  jsonl: 'application/jsonl; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
}
