import type {
  ActionProgress,
  DeclaredFact,
  Drift,
  FilesPlan,
  PlacedInstance,
  Plan,
  Rollout,
  ServiceSummary,
  Stack,
  StackRevision,
  StackState,
  StackServiceState,
  StackUsage,
  StartTimeline,
} from '@keelson/contract'
import { ago, instancesOf } from './fixture-data.ts'

/** The stack of the shop: in the middle of an update, with something of everything that can drift. */

const file = '/srv/shop/compose.yaml'
const at = (line: number) => ({ file, line, column: 5 })

const fact = (
  path: string,
  declared: string | null,
  line: number,
  running: string | null = declared,
): DeclaredFact => ({
  path,
  declared,
  running,
  differs: declared !== running,
  secret: false,
  origin: at(line),
})

const factsOf = (service: ServiceSummary, line: number): DeclaredFact[] => [
  service.runtime === 'container'
    ? fact('image', 'postgres:17.6-alpine', line + 1, driftedImageOf(service))
    : fact('command', `node server.ts --name ${service.name}`, line + 1),
  fact('environment.LOG_LEVEL', 'info', line + 4, service.name === 'web' ? 'debug' : 'info'),
  fact('environment.PORT', '8000', line + 5),
  { ...fact('environment.PAYMENTS_KEY', null, line + 6), secret: true },
  { ...fact('replicas', String(service.instancesWanted), line + 8) },
  fact('probe', 'GET /health every 2 s', line + 10),
  { ...fact('restart.policy', 'always', 0), origin: { ...at(0), note: 'default' } },
]

const driftedImageOf = ({ name }: ServiceSummary): string =>
  name === 'db' ? 'postgres:17.4-alpine' : 'postgres:17.6-alpine'

const placed = (service: ServiceSummary): PlacedInstance[] => {
  const instances = instancesOf(service).map((instance) => ({
    ...instance,
    revision: 4,
    outdated: false,
    draining: false,
    standby: false,
  }))
  if (service.id !== 'shop/orders') return instances
  const [first] = instances
  if (first === undefined) return instances
  return [
    { ...first, revision: 3, outdated: true, draining: true },
    { ...first, name: 'shop-orders-2', index: 2, revision: 4 },
    {
      ...first,
      name: 'shop-orders-3',
      index: 3,
      phase: 'running',
      state: 'starting',
      reason: 'Waits for its first good probe',
      latencyMs: null,
    },
    { ...first, name: 'shop-orders-4', index: 4, revision: 3, outdated: true },
  ]
}

const serviceStateOf = (service: ServiceSummary, index: number): StackServiceState => {
  const line = 12 + index * 14
  return {
    summary: service,
    replicas: {
      declared: service.id === 'shop/catalog' ? 2 : service.instancesWanted,
      wanted: service.instancesWanted,
    },
    stoppedBy: service.id === 'shop/cleanup' ? 'the administrator' : null,
    facts: service.builtIn ? [] : factsOf(service, line),
    instances: service.id === 'shop/cleanup' ? [] : placed(service),
    origin: service.builtIn ? null : at(line),
  }
}

const drift: Drift[] = [
  {
    kind: 'image_changed',
    service: 'db',
    instance: null,
    text: 'postgres:17-alpine means another image by now: db runs 17.4, the tag is 17.6',
    since: ago(190),
    origin: at(97),
    command: 'keelson up shop',
  },
  {
    kind: 'source_changed',
    service: 'web',
    instance: null,
    text: 'LOG_LEVEL of web is info in the file and debug in what was applied',
    since: ago(12),
    file,
    command: 'keelson up shop',
  },
  {
    kind: 'stopped_by_request',
    service: 'cleanup',
    instance: null,
    text: 'cleanup was stopped by the administrator',
    since: ago(70),
    command: 'keelson start shop/cleanup',
  },
]

const rollouts: Rollout[] = [
  {
    service: 'orders',
    strategy: 'rolling',
    phase: 'running',
    fromRevision: 3,
    toRevision: 4,
    done: 1,
    total: 3,
    text: 'shop-orders-3 has started; waiting until it is healthy, then shop-orders-1 is stopped',
    startedAt: ago(0.5),
    endedAt: null,
    canRollBack: true,
  },
  {
    service: 'catalog',
    strategy: 'blue-green',
    phase: 'switched',
    fromRevision: 3,
    toRevision: 4,
    done: 1,
    total: 1,
    text: 'Revision 4 serves; the instances of revision 3 are kept for 10 minutes',
    startedAt: ago(4),
    endedAt: ago(3),
    canRollBack: true,
  },
  {
    service: 'payments',
    strategy: 'rolling',
    phase: 'rolled_back',
    fromRevision: 2,
    toRevision: 3,
    done: 0,
    total: 1,
    text: 'shop-payments-1 was not healthy within 30 s, so revision 2 came back',
    startedAt: ago(64),
    endedAt: ago(63),
    canRollBack: false,
  },
]

export const stackStateOf = (stack: Stack, services: readonly ServiceSummary[]): StackState => {
  const own = services.filter((service) => service.stack === stack.name)
  return {
    stack,
    services: own.map(serviceStateOf),
    drift: stack.builtIn ? [] : drift,
    rollouts: stack.builtIn ? [] : rollouts,
    checkedAt: ago(0.1),
  }
}

export const revisions: StackRevision[] = [
  [4, 3, 'administrator', 'web: LOG_LEVEL; orders: image 2.4.0', true],
  [3, 64, 'local command line', 'payments: command; catalog: replicas 1 to 2', false],
  [2, 70, 'local command line', 'Added cleanup', false],
  [1, 75, 'local command line', 'First applied, with 8 services', false],
].map(([revision, minutes, actor, text, current]) => ({
  revision: Number(revision),
  appliedAt: ago(Number(minutes)),
  actor: String(actor),
  text: String(text),
  current: current === true,
}))

export const rollbackPlan: Plan = {
  stack: 'shop',
  revision: 5,
  digest: 'b2f1',
  actions: [
    {
      id: 'pull:orders',
      kind: 'pull_image',
      subject: 'registry.example/orders:2.3.1',
      service: 'orders',
      cause: 'The image is not on this machine',
      changes: [],
      after: [],
      waitFor: [],
      origin: at(40),
    },
    {
      id: 'replace:orders-1',
      kind: 'replace_instance',
      subject: 'shop-orders-1',
      service: 'orders',
      cause: 'Its definition changes',
      changes: [
        {
          kind: 'changed',
          path: 'image',
          before: 'registry.example/orders:2.4.0',
          after: 'registry.example/orders:2.3.1',
          origin: at(40),
        },
        { kind: 'removed', path: 'environment.FEATURE_EXPRESS', before: 'on', after: null },
        {
          kind: 'changed',
          path: 'environment.PAYMENTS_KEY',
          before: null,
          after: null,
          origin: { file: '/srv/shop/.env', line: 7, column: 1 },
        },
      ],
      after: ['pull:orders'],
      waitFor: [{ service: 'db', condition: 'service_healthy' }],
      origin: at(38),
    },
    {
      id: 'start:cleanup-1',
      kind: 'start_instance',
      subject: 'shop-cleanup-1',
      service: 'cleanup',
      cause: 'It is not there, and revision 3 asks for it',
      changes: [],
      after: [],
      waitFor: [],
    },
  ],
  unchanged: ['shop-web-1', 'shop-web-2', 'shop-catalog-1', 'shop-payments-1', 'shop-db-1'],
}

/** What the files ask for by now. */
export const filesPlan: FilesPlan = {
  plan: { ...rollbackPlan, digest: 'f11e' },
  changed: ['/srv/shop/compose.yaml', '/srv/shop/.env'],
  warnings: [
    {
      message: 'PAYMENTS_REGION is not set, so it is empty',
      origin: { file: '/srv/shop/compose.yaml', line: 44, column: 18 },
    },
  ],
  readAt: ago(0.1),
}

const zeroMs = Date.parse(ago(75))
const moment = (seconds: number): string => new Date(zeroMs + seconds * 1000).toISOString()

type Wait = [service: string, to: number]
const span = (
  instance: string,
  startedAt: number,
  readyAt: number | null,
  waits: Wait[] = [],
): StartTimeline['spans'][number] => ({
  instance: `shop-${instance}`,
  service: instance.replace(/-\d+$/, ''),
  from: moment(0.1),
  waits: waits.map(([service, to]) => ({ service, condition: 'service_healthy', to: moment(to) })),
  startedAt: moment(startedAt),
  readyAt: readyAt === null ? null : moment(readyAt),
  failure: readyAt === null ? 'exit code 1' : null,
})

export const start: StartTimeline = {
  stack: 'shop',
  startedAt: moment(0),
  endedAt: moment(9.2),
  spans: [
    span('db-1', 0.1, 4.1),
    span('recommend-1', 0.2, 2.6),
    span('catalog-1', 4.1, 5.4, [['db', 4.1]]),
    span('payments-1', 4.1, 6.2, [['db', 4.1]]),
    span('mailer-1', 4.1, null, [['db', 4.1]]),
    span('orders-1', 6.2, 7.1, [
      ['payments', 6.2],
      ['db', 4.1],
    ]),
    span('orders-2', 6.2, 6.9, [
      ['payments', 6.2],
      ['db', 4.1],
    ]),
    span('web-1', 7.1, 9.2, [
      ['catalog', 5.4],
      ['orders', 7.1],
    ]),
    span('web-2', 7.1, 8.4, [
      ['catalog', 5.4],
      ['orders', 7.1],
    ]),
    span('cleanup-1', 4.1, 4.8, [['db', 4.1]]),
  ],
  criticalPath: ['db', 'payments', 'orders', 'web'],
}

/** Of a stack that was running before anybody looked. */
export const unseenStart = ({ name, appliedAt }: Stack): StartTimeline => ({
  stack: name,
  startedAt: appliedAt,
  endedAt: appliedAt,
  spans: [],
  criticalPath: [],
})

const mebi = 1024 * 1024

export const usageOf = (state: StackState): StackUsage => ({
  at: new Date().toISOString(),
  instances: state.services.flatMap(({ instances }, service) =>
    instances.map(({ name, service: of, runtime }, index) => ({
      instance: name,
      service: of,
      cpuCores: runtime === 'container' ? 0.34 : 0.02 + service * 0.041 + index * 0.013,
      memoryBytes: (38 + service * 27 + index * 9) * mebi,
      memoryLimitBytes: runtime === 'container' ? 256 * mebi : null,
      processes: 2,
    })),
  ),
})

export const actionProgress = (
  id: string,
  kind: string,
  subject: string,
  state: ActionProgress['state'],
  text = '',
  share: number | null = null,
): ActionProgress => ({ stack: 'shop', id, kind, subject, state, text, share })
