import type {
  GapFact,
  GapFinding,
  GapFixPreview,
  GapHistoryPoint,
  GapReport,
  GapService,
  GapSummary,
} from '@keelson/contract'
import { ago } from './fixture-data.ts'

/** The audit of the shop: something of every group, service that drop out everywhere, a past. */

const service = (
  name: string,
  category: string,
  line: number,
  given: Partial<GapService> = {},
): GapService => ({
  ...{ service: name, category, claimed: true, built: true, why: null, runs: 'always' },
  ...{ running: true, healthy: true, file: 'compose.yaml', line },
  ...given,
})

const services: GapService[] = [
  service('web', 'core', 12),
  service('catalog', 'core', 28),
  service('orders', 'core', 44),
  service('payments', 'core', 60, { healthy: false }),
  service('search', 'core', 76, {
    ...{ built: false, why: 'search/Dockerfile is empty', running: null, healthy: null },
  }),
  service('mailer', 'communication', 92, { healthy: null }),
  service('recommend', 'ai_ml', 101, { built: null, running: null, healthy: null }),
  service('cleanup', 'automation', 112, { running: false, healthy: false, claimed: false }),
  service('db', 'infrastructure', 120),
  service('cache', 'infrastructure', 134, { claimed: false }),
]

/** Lines around one, as a file has them; the first is number `from`. */
const fact = (
  file: string,
  about: string,
  { from = 1, it = 1, lines = [] }: { from?: number; it?: number; lines?: string[] } = {},
): GapFact => ({
  ...{ file, line: lines.length === 0 ? 0 : it, column: 5, fact: about },
  excerpt: lines.map((text, index) => ({ line: from + index, text, isIt: from + index === it })),
})

let made = 0
const finding = (
  given: Pick<GapFinding, 'rule' | 'severity' | 'message' | 'evidence'> & Partial<GapFinding>,
): GapFinding => {
  made += 1
  return {
    fingerprint: `ab${String(made).padStart(14, '0')}`,
    title: 'Two sides do not agree',
    service: null,
    fix: 'Make both sides say the same',
    isFixable: false,
    since: ago(60 * made),
    acceptance: null,
    ...given,
  }
}

export const gapFindings: GapFinding[] = [
  finding({
    rule: 'missing/dockerfile',
    severity: 'error',
    title: 'Dockerfile that is not there or empty',
    message: 'search is built from search/Dockerfile, which is empty',
    service: 'search',
    fix: 'Write search/Dockerfile, or name an image',
    evidence: [
      fact('compose.yaml', 'search is built from ./search', {
        ...{ from: 75, it: 77 },
        lines: ['', '  search:', '    build: ./search', '    depends_on:', '      - db'],
      }),
      fact('search/Dockerfile', 'the file is empty'),
    ],
  }),
  finding({
    rule: 'network/wrong-port',
    severity: 'error',
    title: 'Service is called on a port it does not listen on',
    message: 'orders calls http://payments:8081, and payments listens on 8000',
    service: 'orders',
    fix: 'Write PAYMENTS_URL=http://payments:8000',
    evidence: [
      fact('compose.yaml', 'orders calls payments on 8081', {
        ...{ from: 49, it: 51 },
        lines: [
          '    environment:',
          '      LOG_LEVEL: info',
          '      PAYMENTS_URL: http://payments:8081 # moved behind the new card processor in spring, see the note',
          '      DATABASE_URL: postgres://orders@db:5432/orders',
        ],
      }),
      fact('payments/server.ts', 'payments listens on 8000', {
        ...{ from: 30, it: 31 },
        lines: ['const app = createApp()', 'app.listen(8000)', ''],
      }),
    ],
  }),
  finding({
    rule: 'health/no-check',
    severity: 'warning',
    title: 'Nothing asks whether it works',
    message: 'db has no health check, neither in the file nor in its image',
    service: 'db',
    fix: 'Add a healthcheck that runs pg_isready',
    isFixable: true,
    evidence: [
      fact('compose.yaml', 'db has no healthcheck', {
        ...{ from: 119, it: 120 },
        lines: ['', '  db:', '    image: postgres:17.6-alpine', '    volumes:'],
      }),
    ],
  }),
  finding({
    rule: 'resilience/memory-limit',
    severity: 'warning',
    title: 'Memory without a limit',
    message: 'cache may take all memory of the machine',
    service: 'cache',
    fix: 'Add mem_limit: 256m',
    isFixable: true,
    evidence: [
      fact('compose.yaml', 'cache has no mem_limit', {
        ...{ from: 133, it: 134 },
        lines: ['', '  cache:', '    image: valkey/valkey:8'],
      }),
    ],
  }),
  finding({
    rule: 'claims/service-count',
    severity: 'warning',
    title: 'Number of services is not so',
    message: 'README.md says 12 services, and 10 are declared',
    fix: 'Write 10 services, or add what is missing',
    evidence: [
      fact('README.md', '12 services', {
        ...{ from: 3, it: 4 },
        lines: ['', 'The shop is **12 services** behind one gateway.', ''],
      }),
      fact('compose.yaml', '10 services are declared'),
    ],
  }),
  finding({
    rule: 'claims/undocumented-service',
    severity: 'info',
    message: 'cache is on no list',
    service: 'cache',
    evidence: [fact('README.md', 'lists the services')],
  }),
  finding({
    rule: 'security/root-user',
    severity: 'warning',
    message: 'mailer runs as root',
    service: 'mailer',
    evidence: [fact('mailer/Dockerfile', 'names no user')],
    acceptance: {
      ...{ reason: 'It binds port 25, until the relay is replaced', by: 'ana' },
      ...{ at: ago(60 * 24 * 3), until: ago(-60 * 24 * 40) },
    },
  }),
]

const point = (
  minutesAgo: number,
  [score, errors, warnings]: [number, number, number],
  given: Partial<GapHistoryPoint> = {},
): GapHistoryPoint => ({
  ...{ at: ago(minutesAgo), score, errors, warnings, infos: 1, accepted: 1 },
  ...{ claimed: 12, declared: 10, built: 9, running: 7, appeared: [], closed: [], decided: [] },
  ...given,
})

export const gapHistory: GapHistoryPoint[] = [
  point(60 * 24 * 9, [61, 4, 6]),
  point(60 * 24 * 8, [63, 4, 6], { decided: ['ada accepted: mail is sent in clear text'] }),
  point(60 * 24 * 7, [66, 3, 6], { closed: ['web waits for a service that is not declared'] }),
  point(60 * 24 * 6.8, [64, 3, 7], { appeared: ['cache may take all memory of the machine'] }),
  point(60 * 24 * 5, [64, 3, 7], { running: 8 }),
  point(60 * 24 * 3, [79, 1, 4], {
    closed: ['grafana reads a metric nobody emits', 'catalog has no restart policy'],
  }),
  point(60, [72, 2, 3], {
    appeared: ['orders calls http://payments:8081, and payments listens on 8000'],
    closed: ['the volume of db is backed up by nobody'],
  }),
]

export const gapReport: GapReport = {
  ...{ stack: 'shop', folder: '/srv/shop', state: 'ready', reason: null, isAuditing: false },
  ...{ at: ago(2), durationMs: 412, suppressed: 2, findings: gapFindings },
  may: ['gaps:write'],
  notRead: [{ file: 'data/dump.sql', why: 'larger than 5 MB' }],
  inventory: {
    ...{ claimed: 12, declared: 10, built: 9, running: 7, healthy: 5, services, score: 72 },
    claims: [{ text: 'The shop is 12 services behind one gateway', file: 'README.md', line: 4 }],
    families: [
      { family: 'missing', score: 90, errors: 1, warnings: 0, infos: 0 },
      { family: 'health', score: 95, errors: 0, warnings: 1, infos: 0 },
    ],
  },
}

/** Sixty services in six categories, of which every tenth cannot be built and one is down. */
export const manyServices = (report: GapReport): GapReport => {
  const categories = ['core', 'communication', 'automation', 'ai_ml', 'infrastructure', 'own code']
  const many = Array.from({ length: 60 }, (_, index) => {
    const name = `service-${String(index + 1).padStart(2, '0')}`
    const isBroken = index % 10 === 7
    return service(name, categories[index % 6] ?? '', 10 + index * 9, {
      claimed: index % 4 !== 3,
      ...(isBroken ? { built: false, why: `${name}/Dockerfile is not there`, running: null } : {}),
      healthy: index === 20 ? false : isBroken ? null : true,
    })
  })
  const numbers = { claimed: 64, declared: 60, built: 54, running: 54, healthy: 53 }
  const inventory = report.inventory && { ...report.inventory, ...numbers, services: many }
  return { ...report, inventory }
}

const summaryOf = ({ stack, state, at, inventory, findings }: GapReport): GapSummary => {
  const of = (severity: GapFinding['severity']) =>
    findings.filter((one) => one.severity === severity && one.acceptance === null).length
  return {
    ...{ stack, state, at, score: inventory?.score ?? null },
    ...{ errors: of('error'), warnings: of('warning'), infos: of('info') },
    accepted: findings.filter(({ acceptance }) => acceptance !== null).length,
  }
}

const previewOf = (fingerprints: readonly string[]): GapFixPreview => ({
  files: [
    {
      file: 'compose.yaml',
      fingerprints: [...fingerprints],
      diff: [
        ...['--- a/compose.yaml', '+++ b/compose.yaml', '@@ -119,4 +119,9 @@', ' ', '   db:'],
        ...['-    image: postgres:17', '+    image: postgres:17.6-alpine', '+    healthcheck:'],
        ...['+      test: ["CMD", "pg_isready", "-U", "postgres"]', '+      interval: 5s'],
        ...['+      retries: 5', '+      start_period: 10s', '     volumes:', ''],
      ].join('\n'),
    },
  ],
  skipped: [],
  command: 'keelson gaps --fix --finding 0123456789abcdef',
})

/** Answers the endpoints of gaps from reports that a test can change. */
export const createGaps = (say: (stack: string) => void) => {
  let reports: GapReport[] = [gapReport]
  let history = gapHistory
  const change = (stack: string, patch: (report: GapReport) => GapReport) => {
    reports = reports.map((report) => (report.stack === stack ? patch(report) : report))
    say(stack)
  }
  const accept = (stack: string, fingerprint: string, acceptance: GapFinding['acceptance']) => {
    change(stack, (report) => ({
      ...report,
      findings: report.findings.map((one) =>
        one.fingerprint === fingerprint ? { ...one, acceptance } : one,
      ),
    }))
    return reports
      .find((report) => report.stack === stack)
      ?.findings.find((one) => one.fingerprint === fingerprint)
  }
  return {
    change,
    /** What may be done with findings from now on. */
    permit: (permissions: readonly string[]) => {
      reports = reports.map((report) => ({
        ...report,
        may: report.may.filter((right) => permissions.includes(right)),
      }))
    },
    setReports: (next: GapReport[]) => {
      reports = next
    },
    setHistory: (next: GapHistoryPoint[]) => {
      history = next
    },
    list: () => ({ items: reports.map(summaryOf), nextCursor: null }),
    /** Undefined: there is no such stack. */
    answer: (
      method: string,
      stack: string,
      [part, verb]: readonly (string | undefined)[],
      body: unknown,
    ) => {
      const report = reports.find((one) => one.stack === stack)
      if (report === undefined || part === undefined) return report
      if (part === 'history') return { items: history, nextCursor: null }
      if (part === 'fix-preview')
        return previewOf((body as { fingerprints: string[] }).fingerprints)
      if (part === 'audit') {
        change(stack, (one) => ({ ...one, state: 'ready', at: ago(0) }))
        return reports.find((one) => one.stack === stack)
      }
      if (verb !== 'acceptance') return undefined
      if (method === 'DELETE') return accept(stack, part, null)
      const { reason, until = null } = body as { reason: string; until?: string }
      return accept(stack, part, { reason, until, by: 'administrator', at: ago(0) })
    },
  }
}
