import type {
  HealthSpan,
  Instance,
  LogLine,
  Overview,
  ServiceDetail,
  ServiceMap,
  ServiceSummary,
  Stack,
  State,
  System,
  TimelineEntry,
  Traffic,
  Why,
} from '@keelson/contract'

/** A demo shop whose payments are broken, beside Keelson's own parts: every state is there. */

const startMs = Date.now()
export const ago = (minutes: number): string => new Date(startMs - minutes * 60_000).toISOString()

const summary = (
  id: string,
  given: Partial<ServiceSummary> & Pick<ServiceSummary, 'category'>,
): ServiceSummary => {
  const [stack = '', name = ''] = id.split('/')
  return {
    id,
    name,
    stack,
    runtime: 'process',
    builtIn: stack === 'keelson',
    state: 'healthy',
    reason: 'All probes pass',
    since: ago(74),
    cause: null,
    latencyMs: 3.4,
    instancesHealthy: 1,
    instancesWanted: 1,
    restarts: 0,
    dependsOn: [],
    routes: [],
    may: ['services:restart', 'services:write', 'services:exec'],
    ...given,
  }
}

export const services: ServiceSummary[] = [
  summary('shop/web', {
    category: 'core',
    description: 'The shop a visitor sees',
    owner: 'storefront',
    state: 'degraded',
    reason: 'GET /health answered 200, but 1 of 2 instances waits for orders',
    since: ago(2),
    cause: { kind: 'service', service: 'shop/payments', text: 'payments is unhealthy' },
    latencyMs: 12.2,
    instancesHealthy: 1,
    instancesWanted: 2,
    dependsOn: ['shop/catalog', 'shop/orders'],
    routes: ['/'],
  }),
  summary('shop/catalog', {
    category: 'core',
    owner: 'storefront',
    dependsOn: ['shop/db'],
    routes: ['/api/catalog'],
    latencyMs: 4.1,
  }),
  summary('shop/orders', {
    category: 'core',
    owner: 'orders',
    dependsOn: ['shop/payments', 'shop/db'],
    routes: ['/api/orders'],
    latencyMs: 6.8,
    instancesHealthy: 2,
    instancesWanted: 2,
  }),
  summary('shop/payments', {
    category: 'core',
    owner: 'payments',
    description: 'Charges cards; can be broken on purpose',
    state: 'unhealthy',
    reason: 'GET /health answered 503: the card processor refuses every charge',
    since: ago(2),
    instancesHealthy: 0,
    latencyMs: 812,
    restarts: 3,
    dependsOn: ['shop/db'],
  }),
  summary('shop/mailer', {
    category: 'communication',
    state: 'starting',
    reason: 'Waits for its first good probe',
    since: ago(0.3),
    instancesHealthy: 0,
    latencyMs: null,
    dependsOn: ['shop/db'],
  }),
  summary('shop/recommend', {
    category: 'ai_ml',
    runtime: 'container',
    state: 'unknown',
    reason: 'The last probe is 48 s old: the Docker Engine does not answer',
    since: ago(1),
    latencyMs: null,
    dependsOn: ['shop/catalog'],
  }),
  summary('shop/cleanup', {
    category: 'automation',
    state: 'stopped',
    reason: 'Completed with exit code 0',
    since: ago(70),
    instancesHealthy: 0,
    latencyMs: null,
    dependsOn: ['shop/db'],
  }),
  summary('shop/db', {
    category: 'infrastructure',
    runtime: 'container',
    latencyMs: 1.2,
    reason: 'pg_isready exits with 0',
  }),
  ...(['control', 'gateway', 'postgres'] as const).map((name) =>
    summary(`keelson/${name}`, { category: 'infrastructure', latencyMs: 0.6, since: ago(75) }),
  ),
]

export const instancesOf = (service: ServiceSummary): Instance[] =>
  Array.from({ length: service.instancesWanted }, (_, index) => ({
    name: `${service.stack}-${service.name}-${index + 1}`,
    service: service.name,
    stack: service.stack,
    index: index + 1,
    runtime: service.runtime,
    phase: service.state === 'starting' ? 'starting' : 'running',
    state: service.state,
    reason: service.reason,
    since: service.since,
    pid: service.runtime === 'process' ? 41_200 + index : null,
    containerId: service.runtime === 'container' ? 'b7c0a1f4e2d9c8b7a6f5' : null,
    ports: [{ target: 8000, host: '127.0.0.1', port: 42_611 + index, protocol: 'tcp' }],
    startedAt: service.since,
    restarts: service.restarts,
    exitCode: service.restarts > 0 ? 1 : null,
    latencyMs: service.latencyMs,
    nextStartAt: null,
  }))

export const detailOf = (service: ServiceSummary): ServiceDetail => ({
  ...service,
  instances: instancesOf(service),
  environment: [
    {
      name: 'DATABASE_URL',
      value: null,
      secret: true,
      origins: [],
      injected: true,
    },
    {
      name: 'LOG_LEVEL',
      value: 'info',
      secret: false,
      injected: false,
      origins: [
        { file: 'compose.yaml', line: 34, column: 7 },
        { file: '.env', line: 3, column: 1, note: 'through ${LOG_LEVEL}' },
      ],
    },
    {
      name: 'PAYMENTS_KEY',
      value: null,
      secret: true,
      injected: false,
      origins: [{ file: '.env', line: 7, column: 1 }],
    },
    { name: 'PORT', value: '42611', secret: false, origins: [], injected: true },
  ],
  command: ['node', 'server.ts', '--name', service.name],
  image: service.runtime === 'container' ? 'postgres:17-alpine' : null,
  workingDir: '/srv/shop',
  probe: {
    kind: 'http',
    path: '/health',
    port: 8000,
    intervalMs: 2000,
    timeoutMs: 1000,
    retries: 3,
    startPeriodMs: 0,
    startIntervalMs: 500,
  },
  dependencies: service.dependsOn.map((id) => ({
    service: id.split('/')[1] ?? id,
    condition: 'service_healthy',
    required: true,
    restart: false,
  })),
  dependents: services
    .filter(({ dependsOn }) => dependsOn.includes(service.id))
    .map(({ id }) => id),
  routing: [],
  origin: service.builtIn ? null : { file: 'compose.yaml', line: 21, column: 3 },
  canRestart: !service.builtIn,
})

const entry = (
  position: number,
  minutesAgo: number,
  subject: string,
  severity: TimelineEntry['severity'],
  text: string,
): TimelineEntry => ({
  position: String(position),
  at: ago(minutesAgo),
  type: 'service.state_changed',
  subject,
  severity,
  text,
})

export const timeline: TimelineEntry[] = [
  entry(9, 0.3, 'shop/mailer', 'info', 'Starting shop-mailer-1: its dependency shop-db is healthy'),
  entry(8, 2, 'shop/web', 'warning', 'web is degraded: 1 of 2 instances waits for orders'),
  entry(7, 2, 'shop/payments', 'bad', 'payments is unhealthy: GET /health answered 503'),
  entry(6, 2.2, 'shop/payments', 'warning', 'shop-payments-1 starts again in 1.6 s (attempt 3)'),
  entry(5, 2.4, 'shop/payments', 'bad', 'shop-payments-1 ended: exit code 1'),
  entry(4, 70, 'shop/cleanup', 'info', 'shop-cleanup-1 stopped: completed'),
  entry(3, 74, 'shop/orders', 'good', 'orders is healthy: all probes pass'),
  entry(2, 75, 'shop', 'info', 'Applied revision 1 with 14 actions'),
  entry(1, 76, 'system', 'info', 'Keelson 0.1.0 started (all)'),
]

export const stacks: Stack[] = [
  {
    name: 'shop',
    description: 'Demo shop',
    workingDir: '/srv/shop',
    files: ['/srv/shop/compose.yaml'],
    demo: true,
    driftCount: 3,
    builtIn: false,
    may: ['stacks:write', 'gaps:write'],
    revision: 4,
    appliedAt: ago(3),
    services: services.filter(({ stack }) => stack === 'shop').map(({ name }) => name),
  },
  {
    name: 'keelson',
    description: "Keelson's own parts",
    workingDir: '/',
    files: [],
    demo: false,
    driftCount: 0,
    builtIn: true,
    may: ['stacks:write', 'gaps:write'],
    revision: 1,
    appliedAt: ago(76),
    services: ['control', 'gateway', 'postgres'],
  },
]

export const overviewOf = (known: readonly ServiceSummary[], running: Stack[]): Overview => {
  const problems = known.filter(({ state }) => state === 'unhealthy' || state === 'degraded')
  const unhealthy = problems.filter(({ state }) => state === 'unhealthy').length
  const counts: Record<string, number> = {}
  for (const { state } of known) counts[state] = (counts[state] ?? 0) + 1
  const state: State = unhealthy > 0 ? 'unhealthy' : problems.length > 0 ? 'degraded' : 'healthy'
  return {
    verdict: {
      state,
      sentence:
        problems.length === 0
          ? `All ${known.length} services are healthy`
          : `${problems.length} of ${known.length} services are not as they should be`,
    },
    counts,
    problems: problems.sort((a, b) => b.state.localeCompare(a.state)),
    recent: timeline,
    stacks: running,
  }
}

export const traffic: Traffic[] = [
  ['internet', 'shop/web', 14.2, 0],
  ['shop/web', 'shop/catalog', 22.6, 0],
  ['shop/web', 'shop/orders', 6.1, 1.4],
  ['shop/orders', 'shop/payments', 2.1, 1.9],
].map(([source, target, requestsPerSecond, errorsPerSecond]) => ({
  source: String(source),
  target: String(target),
  requestsPerSecond: Number(requestsPerSecond),
  errorsPerSecond: Number(errorsPerSecond),
  latencyMs: 8,
}))

export const mapOf = (known: readonly ServiceSummary[]): ServiceMap => ({
  nodes: [...known],
  edges: [
    ...known.flatMap(({ id, dependsOn }) =>
      dependsOn.map((target) => ({
        source: id,
        target,
        declared: true,
        traffic: traffic.find((rate) => rate.source === id && rate.target === target) ?? null,
      })),
    ),
    { source: 'internet', target: 'shop/web', declared: false, traffic: traffic[0] ?? null },
  ],
})

export const spans = (): HealthSpan[] => {
  const span = (state: State, from: number, to: number, reason: string): HealthSpan => ({
    state,
    reason,
    from: ago(from),
    to: ago(to),
  })
  return [
    span('stopped', 1440, 1100, 'Not applied yet'),
    span('starting', 1100, 1096, 'Waits for its first good probe'),
    span('healthy', 1096, 520, 'All probes pass'),
    span('degraded', 520, 460, '1 of 2 instances answers'),
    span('healthy', 460, 2, 'All probes pass'),
    span('unhealthy', 2, 0, 'GET /health answered 503'),
  ]
}

export const whyOf = (service: ServiceSummary): Why => {
  const root = services.find(({ id }) => id === service.cause?.service)
  return {
    service,
    sentences: [
      `${service.name} is ${service.state} since 2 minutes: ${service.reason}.`,
      ...(root === undefined ? [] : [`It needs ${root.name}, which is ${root.state}.`]),
      'The last change before that was the restart of payments by an administrator.',
    ],
    chain: root === undefined ? [service] : [service, root],
    events: timeline.filter(({ subject }) => subject === service.id || subject === root?.id),
    suggestion: {
      text: `Start ${root?.name ?? service.name} again; its last three ends had exit code 1.`,
      command: `keelson restart ${root?.id ?? service.id}`,
    },
  }
}

export const system = (): System => ({
  version: '0.1.0',
  startedAt: ago(76),
  node: '24.9.0',
  dataFolder: '/home/ana/.keelson',
  publicUrl: 'http://127.0.0.1:7070',
  certificate: null,
  database: { kind: 'embedded', version: '17.6', sizeBytes: 38_412_288 },
  parts: [
    ['control', 4100, 96_468_992, 'http://127.0.0.1:7070'],
    ['gateway', 4117, 61_865_984, 'http://127.0.0.1:8080'],
    ['postgres', 4102, 47_185_920, null],
  ].map(([name, pid, memoryBytes, address]) => ({
    name: String(name),
    pid: Number(pid),
    state: 'healthy',
    reason: 'All probes pass',
    memoryBytes: Number(memoryBytes),
    address: address === null ? null : String(address),
  })),
  modules: ['registry', 'identity', 'secrets', 'health', 'gateway', 'orchestrator'].map((name) => ({
    name,
    target: name === 'gateway' ? 'gateway' : 'control',
    ready: true,
  })),
  storage: [
    { name: 'Database', bytes: 38_412_288 },
    { name: 'Logs', bytes: 12_582_912 },
    { name: 'Backups', bytes: 4_194_304 },
  ],
  engine: { version: '28.5.1', apiVersion: '1.51' },
})

const texts = [
  'GET /api/orders 200 in 4 ms',
  '\u001B[32minfo\u001B[0m order accepted \u001B[2mid=0193f2\u001B[0m',
  '\u001B[33mwarn\u001B[0m the card processor is slow: 640 ms',
  '\u001B[1;31merror\u001B[0m charge refused: 503 from the card processor, tried 3 times, the last one after 1200 ms; the order waits in the queue and is tried again',
  '{"level":"info","msg":"order stored","orderId":"0193f2","amount":1290}',
]

/** Line number `index` of a log; the same index is the same line. */
export const logLine = (index: number, instance = 'shop-payments-1'): LogLine => ({
  cursor: `c${index}`,
  at: new Date(startMs - 3_600_000 + index * 20).toISOString(),
  instance,
  stream: index % 25 === 24 ? 'stderr' : 'stdout',
  text: `${index} ${texts[index % texts.length] ?? ''}`,
})
