import { Type, type Static, type TSchema } from 'typebox'
import { auditEndpoints } from './audit.ts'
import { TimelineEntry } from './events.ts'
import {
  GapFinding,
  GapFixPreview,
  GapHistoryPoint,
  GapReport,
  GapSummary,
  StackObservation,
} from './gaps.ts'
import {
  canaryVerdicts,
  GatewayCacheRow,
  GatewayCertificateRow,
  GatewayConsumerRow,
  GatewayDiff,
  GatewayDocumentSummary,
  GatewayExplainAsk,
  GatewayExplanation,
  GatewayKeyMade,
  GatewayPluginKind,
  GatewayRevision,
  GatewayRouteRow,
  GatewayUpstreamRow,
  GatewayWarmed,
} from './gateway.ts'
import { accessEndpoints } from './identity/access.ts'
import { clientEndpoints } from './identity/clients.ts'
import { factorEndpoints } from './identity/factors.ts'
import { keyEndpoints } from './identity/keys.ts'
import { peopleEndpoints } from './identity/people.ts'
import { providerEndpoints } from './identity/providers.ts'
import { tokenEndpoints } from './identity/tokens.ts'
import type { Permission } from './permissions.ts'
import {
  HealthSpan,
  LogPage,
  PsEntry,
  ServiceDetail,
  ServicesStatus,
  ServiceSummary,
  State,
} from './service.ts'
import { StackState, StackUsage, StartTimeline, type ActionProgress } from './stack-state.ts'
import { FilesPlan, Plan, Rollout, Stack, StackRevision, StackSpec, stackName } from './stack.ts'

/**
 * Every route of the platform, once: the server registers it, OpenAPI describes it, and the typed
 * client of CLI and web calls it. A route cannot exist without a permission, because the type
 * demands one.
 */
export type Endpoint = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  path: `/${string}`
  permission: Permission
  /**
   * What the permission is asked on: the stack or service of the path, the gateway, or each thing of
   * the answer (`listed`), where one leaves out what may not be seen. Without it: the platform.
   */
  on?: 'stack' | 'service' | 'gateway' | 'listed'
  /**
   * A person must have proved in this browser who they are, in the last quarter of an hour (ASVS 5.0 7.5.1);
   * else `reauthentication_required`. Programs cannot, and are asked for their permission alone.
   */
  fresh?: true
  summary: string
  params?: TSchema
  query?: TSchema
  body?: TSchema
  /** Of the body, in bytes; 64 KiB unless told. Not for what strangers may send. */
  bodyMax?: number
  /** Schema of a 200 answer; null for 204 without a body. */
  response: TSchema | null
}

/** A stack of 60 services with its origins is below 1 MiB. */
const fileMax = 8 * 1024 * 1024

const endpoint = <const E extends Endpoint>(definition: E): E => definition

const limit = (max: number, byDefault: number) =>
  Type.Integer({ minimum: 1, maximum: max, default: byDefault })
const cursor = Type.Optional(Type.String({ maxLength: 500 }))
const page = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), nextCursor: Type.Union([Type.String(), Type.Null()]) })

const ServiceParams = Type.Object({
  name: Type.String({
    description: 'Service name, or <stack>/<service> (the slash written %2F)',
    maxLength: 130,
  }),
})
const StackParams = Type.Object({ stack: stackName })
const fingerprint = Type.String({ pattern: '^[0-9a-f]{8,64}$', maxLength: 64 })
const GapParams = Type.Object({ stack: stackName, fingerprint })
const GatewayIdParams = Type.Object({ id: Type.String({ maxLength: 64 }) })
/** Of `keelson up web api`: who names services sets back the number of instances of no other. */
const Named = Type.Optional(
  Type.String({
    description: 'Services that were asked for by name, by comma',
    maxLength: 100_000,
  }),
)
const InStack = Type.Object({ stack: Type.Optional(stackName) })
const LookedAt = Type.Object({
  dryRun: Type.Optional(Type.Boolean()),
  /** The revision that was looked at; another one by now is a conflict. */
  revision: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
})

export const Overview = Type.Object(
  {
    verdict: Type.Object({ state: State, sentence: Type.String() }),
    counts: Type.Record(Type.String({ description: 'State' }), Type.Integer()),
    /** Services that are not as they should be, worst first. */
    problems: Type.Array(ServiceSummary),
    recent: Type.Array(TimelineEntry),
    stacks: Type.Array(Stack),
  },
  { $id: 'Overview' },
)
export type Overview = Static<typeof Overview>

export const Traffic = Type.Object(
  {
    source: Type.String({ description: "'internet' or <stack>/<service>" }),
    target: Type.String({ description: '<stack>/<service>' }),
    requestsPerSecond: Type.Number(),
    errorsPerSecond: Type.Number(),
    latencyMs: Type.Union([Type.Number(), Type.Null()]),
  },
  { $id: 'Traffic' },
)
export type Traffic = Static<typeof Traffic>

export const ServiceMap = Type.Object(
  {
    nodes: Type.Array(ServiceSummary),
    /** Declared dependencies and measured traffic, one entry for each pair. */
    edges: Type.Array(
      Type.Object({
        source: Type.String(),
        target: Type.String(),
        declared: Type.Boolean(),
        traffic: Type.Union([Traffic, Type.Null()]),
      }),
    ),
  },
  { $id: 'ServiceMap' },
)
export type ServiceMap = Static<typeof ServiceMap>

export const Why = Type.Object(
  {
    service: ServiceSummary,
    /** The story in a few sentences: state, since when, caused by what. */
    sentences: Type.Array(Type.String()),
    /** From the service that is asked about down to the root, nearest first. */
    chain: Type.Array(ServiceSummary),
    events: Type.Array(TimelineEntry),
    suggestion: Type.Union([
      Type.Object({ text: Type.String(), command: Type.String() }),
      Type.Null(),
    ]),
  },
  { $id: 'Why' },
)
export type Why = Static<typeof Why>

const PlatformCertificate = Type.Object({
  source: Type.Enum(['files', 'acme']),
  /** None as long as there is no certificate. */
  names: Type.Array(Type.String()),
  notAfter: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  /** Whether it is for the name of the public address. */
  fits: Type.Boolean(),
  /** Why there is no new one. */
  problem: Type.Union([Type.String(), Type.Null()]),
  nextTryAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
})

export const System = Type.Object(
  {
    version: Type.String(),
    startedAt: Type.String({ format: 'date-time' }),
    node: Type.String(),
    dataFolder: Type.String(),
    /** Where people reach the page. */
    publicUrl: Type.String(),
    /** Of the platform's own port for TLS; null: it has none. */
    certificate: Type.Union([PlatformCertificate, Type.Null()]),
    database: Type.Object({
      kind: Type.Enum(['embedded', 'external']),
      version: Type.String(),
      sizeBytes: Type.Integer(),
    }),
    parts: Type.Array(
      Type.Object({
        name: Type.String(),
        pid: Type.Union([Type.Integer(), Type.Null()]),
        state: State,
        reason: Type.String(),
        memoryBytes: Type.Union([Type.Integer(), Type.Null()]),
        address: Type.Union([Type.String(), Type.Null()]),
      }),
    ),
    modules: Type.Array(
      Type.Object({ name: Type.String(), target: Type.String(), ready: Type.Boolean() }),
    ),
    storage: Type.Array(Type.Object({ name: Type.String(), bytes: Type.Integer() })),
    engine: Type.Union([
      Type.Object({ version: Type.String(), apiVersion: Type.String() }),
      Type.Null(),
    ]),
  },
  { $id: 'System' },
)
export type System = Static<typeof System>

export const api = {
  ...peopleEndpoints,
  ...factorEndpoints,
  ...keyEndpoints,
  ...tokenEndpoints,
  ...clientEndpoints,
  ...providerEndpoints,
  ...accessEndpoints,
  ...auditEndpoints,
  getOverview: endpoint({
    method: 'GET',
    path: '/api/v1/overview',
    permission: 'services:read',
    on: 'listed',
    summary: 'The verdict, what is wrong now, what changed last',
    response: Overview,
  }),
  listServices: endpoint({
    method: 'GET',
    path: '/api/v1/services',
    permission: 'services:read',
    on: 'listed',
    summary: 'Services with their state',
    query: Type.Object({
      ...InStack.properties,
      cursor,
      limit: limit(1000, 200),
    }),
    response: page(ServiceSummary),
  }),
  getServicesStatus: endpoint({
    method: 'GET',
    path: '/api/v1/services/status',
    permission: 'status:read',
    on: 'listed',
    summary: 'State of all services by category',
    query: InStack,
    response: ServicesStatus,
  }),
  getService: endpoint({
    method: 'GET',
    path: '/api/v1/services/:name',
    permission: 'services:read',
    on: 'service',
    summary: 'One service with its instances and its effective environment',
    params: ServiceParams,
    query: InStack,
    response: ServiceDetail,
  }),
  getServiceTimeline: endpoint({
    method: 'GET',
    path: '/api/v1/services/:name/timeline',
    permission: 'services:read',
    on: 'service',
    summary: 'What happened to a service, newest first',
    params: ServiceParams,
    query: Type.Object({ ...InStack.properties, cursor, limit: limit(500, 50) }),
    response: page(TimelineEntry),
  }),
  getServiceHealth: endpoint({
    method: 'GET',
    path: '/api/v1/services/:name/health',
    permission: 'services:read',
    on: 'service',
    summary: 'States over time, oldest first',
    params: ServiceParams,
    query: Type.Object({
      ...InStack.properties,
      hours: Type.Integer({ minimum: 1, maximum: 720, default: 24 }),
    }),
    response: Type.Object({
      from: Type.String({ format: 'date-time' }),
      to: Type.String({ format: 'date-time' }),
      spans: Type.Array(HealthSpan),
    }),
  }),
  getServiceLogs: endpoint({
    method: 'GET',
    path: '/api/v1/services/:name/logs',
    permission: 'logs:read',
    on: 'service',
    summary: 'Log lines, oldest first; the newest page without a cursor',
    params: ServiceParams,
    query: Type.Object({
      ...InStack.properties,
      instance: Type.Optional(Type.String({ maxLength: 200 })),
      before: cursor,
      after: cursor,
      limit: limit(1000, 200),
    }),
    response: LogPage,
  }),
  whyService: endpoint({
    method: 'GET',
    path: '/api/v1/services/:name/why',
    permission: 'services:read',
    on: 'service',
    summary: 'Why a service is in its state, since when, caused by what',
    params: ServiceParams,
    query: InStack,
    response: Why,
  }),
  restartService: endpoint({
    method: 'POST',
    path: '/api/v1/services/:name/restart',
    permission: 'services:restart',
    on: 'service',
    summary: 'Restart all instances of a service, one after the other',
    params: ServiceParams,
    query: InStack,
    response: ServiceSummary,
  }),
  startService: endpoint({
    method: 'POST',
    path: '/api/v1/services/:name/start',
    permission: 'services:write',
    on: 'service',
    summary: 'Start a service that was stopped by request, after what it depends on',
    params: ServiceParams,
    query: InStack,
    response: ServiceSummary,
  }),
  stopService: endpoint({
    method: 'POST',
    path: '/api/v1/services/:name/stop',
    permission: 'services:write',
    on: 'service',
    summary: 'Stop a service until it is started again; what depends on it is stopped first',
    params: ServiceParams,
    query: Type.Object({
      ...InStack.properties,
      /** Leaves what depends on it running. */
      only: Type.Optional(Type.Boolean()),
    }),
    response: ServiceSummary,
  }),
  scaleService: endpoint({
    method: 'PUT',
    path: '/api/v1/services/:name/scale',
    permission: 'services:write',
    on: 'service',
    summary: 'Run another number of instances, until the stack is applied again',
    params: ServiceParams,
    query: InStack,
    body: Type.Object({ replicas: Type.Integer({ minimum: 0, maximum: 100 }) }),
    response: ServiceSummary,
  }),
  rollBackService: endpoint({
    method: 'POST',
    path: '/api/v1/services/:name/rollback',
    permission: 'services:write',
    on: 'service',
    summary: 'Go back to the definition before the last update, or stop one that is under way',
    params: ServiceParams,
    query: InStack,
    response: Rollout,
  }),
  syncService: endpoint({
    method: 'POST',
    path: '/api/v1/services/:name/sync',
    permission: 'services:write',
    on: 'service',
    summary: 'Copy files of the host into the instances of a service, as keelson watch does',
    params: ServiceParams,
    query: InStack,
    bodyMax: fileMax,
    body: Type.Object({
      copies: Type.Array(
        Type.Object({
          source: Type.String({ pattern: '^/', maxLength: 4096 }),
          target: Type.String({ pattern: '^/', maxLength: 4096 }),
        }),
        { maxItems: 10_000 },
      ),
      removals: Type.Array(Type.String({ pattern: '^/', maxLength: 4096 }), { maxItems: 10_000 }),
      afterwards: Type.Enum(['nothing', 'restart', 'exec']),
    }),
    response: null,
  }),
  getMap: endpoint({
    method: 'GET',
    path: '/api/v1/map',
    permission: 'services:read',
    on: 'listed',
    summary: 'Services, their dependencies and the traffic between them',
    query: InStack,
    response: ServiceMap,
  }),
  listInstances: endpoint({
    method: 'GET',
    path: '/api/v1/instances',
    permission: 'services:read',
    on: 'listed',
    summary: 'Instances of one stack, or of all: the body of keelson ps --json',
    query: InStack,
    response: Type.Array(PsEntry),
  }),
  listStacks: endpoint({
    method: 'GET',
    path: '/api/v1/stacks',
    permission: 'stacks:read',
    on: 'listed',
    summary: 'Stacks that run here',
    response: page(Stack),
  }),
  getStack: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack',
    permission: 'stacks:read',
    on: 'stack',
    summary: 'One stack',
    params: StackParams,
    response: Stack,
  }),
  planStack: endpoint({
    method: 'POST',
    path: '/api/v1/stacks/:stack/plan',
    // To compare what one makes up with what is there answers guesses, and looks at paths one names.
    permission: 'stacks:write',
    on: 'stack',
    summary: 'What applying this would do; changes nothing, and asks for what applying asks for',
    params: StackParams,
    query: Type.Object({ named: Named }),
    bodyMax: fileMax,
    body: StackSpec,
    response: Plan,
  }),
  planStackFiles: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/files/plan',
    permission: 'stacks:read',
    on: 'stack',
    summary: 'What applying the files as they are now would do; reads them anew, changes nothing',
    params: StackParams,
    response: FilesPlan,
  }),
  applyStackFiles: endpoint({
    method: 'POST',
    path: '/api/v1/stacks/:stack/files/apply',
    permission: 'stacks:write',
    on: 'stack',
    summary: 'Apply the files as they are now, as keelson up does; refused unless the plan is this',
    params: StackParams,
    query: Type.Object({
      plan: Type.String({ description: 'Digest of the plan that was looked at', maxLength: 64 }),
    }),
    response: Plan,
  }),
  applyStack: endpoint({
    method: 'PUT',
    path: '/api/v1/stacks/:stack',
    permission: 'stacks:write',
    on: 'stack',
    summary: 'Apply a stack; answers with the plan once it is durable and begins to carry it out',
    params: StackParams,
    query: Type.Object({
      dryRun: Type.Optional(Type.Boolean()),
      plan: Type.Optional(
        Type.String({ description: 'Digest of the plan that was looked at', maxLength: 64 }),
      ),
      named: Named,
    }),
    bodyMax: fileMax,
    body: StackSpec,
    response: Plan,
  }),
  removeStack: endpoint({
    method: 'DELETE',
    path: '/api/v1/stacks/:stack',
    permission: 'stacks:write',
    on: 'stack',
    summary: 'Stop and remove a stack; answers once nothing of it is left',
    params: StackParams,
    query: Type.Object({
      volumes: Type.Optional(Type.Boolean()),
      resources: Type.Optional(
        Type.String({
          description:
            'With volumes, of a stack that is removed already: names of networks and volumes in its file, by comma',
          maxLength: 100_000,
        }),
      ),
      workingDir: Type.Optional(
        Type.String({
          description:
            'With resources: the folder of that file; without it, or when another folder has a project of this name, what Docker Compose made stays',
          maxLength: 4096,
        }),
      ),
    }),
    response: null,
  }),
  getStackState: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/state',
    permission: 'stacks:read',
    on: 'stack',
    summary: 'The file beside what runs: facts, instances, drift and updates',
    params: StackParams,
    response: StackState,
  }),
  listStackRevisions: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/revisions',
    permission: 'stacks:read',
    on: 'stack',
    summary: 'What was applied, newest first; the last 20 are kept',
    params: StackParams,
    response: page(StackRevision),
  }),
  rollBackStack: endpoint({
    method: 'POST',
    path: '/api/v1/stacks/:stack/rollback',
    permission: 'stacks:write',
    on: 'stack',
    summary: 'Apply an earlier revision again, the one before by default',
    params: StackParams,
    query: Type.Object({ dryRun: Type.Optional(Type.Boolean()) }),
    body: Type.Object({ revision: Type.Optional(Type.Integer({ minimum: 1 })) }),
    response: Plan,
  }),
  getStackStart: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/start',
    permission: 'stacks:read',
    on: 'stack',
    summary: 'The last start as a timeline: who waited for whom, and the critical path',
    params: StackParams,
    response: StartTimeline,
  }),
  getStackUsage: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/usage',
    permission: 'stacks:read',
    on: 'stack',
    summary: 'Processor and memory of every instance',
    params: StackParams,
    response: StackUsage,
  }),
  getStackLogs: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/logs',
    permission: 'logs:read',
    on: 'stack',
    summary: 'Log lines of several services merged by time, oldest first',
    params: StackParams,
    query: Type.Object({
      services: Type.Optional(
        Type.String({ description: 'Names, comma-separated; without: all', maxLength: 4000 }),
      ),
      contains: Type.Optional(Type.String({ maxLength: 500 })),
      before: cursor,
      after: cursor,
      limit: limit(1000, 200),
    }),
    response: LogPage,
  }),
  listGaps: endpoint({
    method: 'GET',
    path: '/api/v1/gaps',
    permission: 'gaps:read',
    on: 'listed',
    summary: 'Every stack with the numbers of its last gap audit',
    response: page(GapSummary),
  }),
  getStackGaps: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/gaps',
    permission: 'gaps:read',
    on: 'stack',
    summary: 'The last gap audit of a stack: inventory and findings with the lines of both sides',
    params: StackParams,
    response: GapReport,
  }),
  auditStack: endpoint({
    method: 'POST',
    path: '/api/v1/stacks/:stack/gaps/audit',
    permission: 'gaps:write',
    on: 'stack',
    summary: 'Audit a stack now; answers when it is done',
    params: StackParams,
    response: GapReport,
  }),
  getStackGapHistory: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/gaps/history',
    permission: 'gaps:read',
    on: 'stack',
    summary: 'How score and counts changed, oldest first; the newest page without a cursor',
    params: StackParams,
    query: Type.Object({ before: cursor, limit: limit(1000, 200) }),
    response: page(GapHistoryPoint),
  }),
  acceptGap: endpoint({
    method: 'PUT',
    path: '/api/v1/stacks/:stack/gaps/:fingerprint/acceptance',
    permission: 'gaps:write',
    on: 'stack',
    summary: 'Accept a finding with a reason: it no longer counts, and is still shown',
    params: GapParams,
    body: Type.Object({
      reason: Type.String({ minLength: 3, maxLength: 1000 }),
      until: Type.Optional(Type.String({ format: 'date-time' })),
    }),
    response: GapFinding,
  }),
  withdrawGapAcceptance: endpoint({
    method: 'DELETE',
    path: '/api/v1/stacks/:stack/gaps/:fingerprint/acceptance',
    permission: 'gaps:write',
    on: 'stack',
    summary: 'Let an accepted finding count again',
    params: GapParams,
    response: GapFinding,
  }),
  previewGapFixes: endpoint({
    method: 'POST',
    path: '/api/v1/stacks/:stack/gaps/fix-preview',
    permission: 'gaps:read',
    on: 'stack',
    summary: 'The diff that would mend findings; writes nothing',
    params: StackParams,
    body: Type.Object({ fingerprints: Type.Array(fingerprint, { minItems: 1, maxItems: 500 }) }),
    response: GapFixPreview,
  }),
  observeStack: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/observation',
    permission: 'services:read',
    on: 'stack',
    summary: 'The stack as it is seen running: what keelson gaps --live holds against the files',
    params: StackParams,
    response: StackObservation,
  }),
  listGatewayRoutes: endpoint({
    method: 'GET',
    path: '/api/v1/gateway/routes',
    permission: 'gateway:read',
    on: 'listed',
    summary: 'Routes in the order they are matched, with their plugins and rates',
    query: Type.Object({
      ...InStack.properties,
      contains: Type.Optional(Type.String({ maxLength: 200 })),
      cursor,
      limit: limit(1000, 200),
    }),
    response: page(GatewayRouteRow),
  }),
  listGatewayUpstreams: endpoint({
    method: 'GET',
    path: '/api/v1/gateway/upstreams',
    permission: 'gateway:read',
    on: 'listed',
    summary: 'Upstreams with each target: weight, health, breaker, in flight, ejections',
    query: InStack,
    response: page(GatewayUpstreamRow),
  }),
  listGatewayConsumers: endpoint({
    method: 'GET',
    path: '/api/v1/gateway/consumers',
    permission: 'gateway:read',
    on: 'listed',
    summary: 'Consumers with their groups and credentials, without what authenticates',
    query: Type.Object({
      contains: Type.Optional(Type.String({ maxLength: 200 })),
      cursor,
      limit: limit(1000, 200),
    }),
    response: page(GatewayConsumerRow),
  }),
  createGatewayConsumer: endpoint({
    method: 'POST',
    path: '/api/v1/gateway/consumers',
    permission: 'gateway:write',
    on: 'gateway',
    summary: 'Make a consumer, managed by the API',
    body: Type.Object({
      username: Type.String({ minLength: 1, maxLength: 200 }),
      customId: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
      groups: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 200 }))),
    }),
    response: GatewayConsumerRow,
  }),
  deleteGatewayConsumer: endpoint({
    method: 'DELETE',
    path: '/api/v1/gateway/consumers/:id',
    permission: 'gateway:write',
    on: 'gateway',
    summary: 'Remove a consumer that the API manages, with its credentials',
    params: GatewayIdParams,
    response: null,
  }),
  createGatewayKey: endpoint({
    method: 'POST',
    path: '/api/v1/gateway/consumers/:id/keys',
    permission: 'gateway:write',
    on: 'gateway',
    summary: 'Make an API key for a consumer; it is shown in this answer and never again',
    params: GatewayIdParams,
    body: Type.Object({ tags: Type.Optional(Type.Array(Type.String({ maxLength: 200 }))) }),
    response: GatewayKeyMade,
  }),
  deleteGatewayCredential: endpoint({
    method: 'DELETE',
    path: '/api/v1/gateway/credentials/:id',
    permission: 'gateway:write',
    on: 'gateway',
    summary: 'Revoke a credential that the API manages',
    params: GatewayIdParams,
    response: null,
  }),
  listGatewayCertificates: endpoint({
    method: 'GET',
    path: '/api/v1/gateway/certificates',
    permission: 'gateway:read',
    on: 'gateway',
    summary: 'Certificates with their names and expiry',
    response: page(GatewayCertificateRow),
  }),
  listGatewayCaches: endpoint({
    method: 'GET',
    path: '/api/v1/gateway/caches',
    permission: 'gateway:read',
    on: 'gateway',
    summary: 'Caches with hit ratio, size and tags',
    response: page(GatewayCacheRow),
  }),
  purgeGatewayCache: endpoint({
    method: 'POST',
    path: '/api/v1/gateway/caches/purge',
    permission: 'gateway:write',
    on: 'gateway',
    summary: 'Forget stored answers by URL, prefix or tag, or all of them',
    body: Type.Object({
      plugin: Type.Optional(Type.String({ maxLength: 64 })),
      url: Type.Optional(Type.String({ maxLength: 8000 })),
      prefix: Type.Optional(Type.String({ maxLength: 8000 })),
      tag: Type.Optional(Type.String({ maxLength: 500 })),
      all: Type.Optional(Type.Boolean()),
    }),
    response: Type.Object({ removed: Type.Integer() }),
  }),
  warmGatewayCache: endpoint({
    method: 'POST',
    path: '/api/v1/gateway/caches/warm',
    permission: 'gateway:write',
    on: 'gateway',
    summary:
      'Ask for URLs, or paths of a host, so that their answers are stored; answers when all are done',
    bodyMax: fileMax,
    body: Type.Object({
      host: Type.Optional(
        Type.String({
          pattern: '^([A-Za-z0-9_.-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?$',
          maxLength: 253,
          description: 'Of the paths; without a port at that of the gateway',
        }),
      ),
      paths: Type.Array(Type.String({ pattern: '^(/|https?://[^/])', maxLength: 8000 }), {
        minItems: 1,
        maxItems: 1000,
      }),
    }),
    response: GatewayWarmed,
  }),
  explainGateway: endpoint({
    method: 'POST',
    path: '/api/v1/gateway/explain',
    permission: 'gateway:read',
    on: 'gateway',
    summary: 'Which route a request would take and why, its plugins and its target; sends nothing',
    bodyMax: 1024 * 1024,
    body: GatewayExplainAsk,
    response: GatewayExplanation,
  }),
  listGatewayPlugins: endpoint({
    method: 'GET',
    path: '/api/v1/gateway/plugins',
    permission: 'gateway:read',
    on: 'gateway',
    summary: 'Plugins that can be configured, with their schemas',
    response: Type.Array(GatewayPluginKind),
  }),
  listGatewayDocuments: endpoint({
    method: 'GET',
    path: '/api/v1/gateway/documents',
    permission: 'gateway:read',
    on: 'listed',
    summary: 'Where the configuration comes from: compose files, Kong files, the API',
    response: page(GatewayDocumentSummary),
  }),
  exportGateway: endpoint({
    method: 'GET',
    path: '/api/v1/gateway/export',
    permission: 'gateway:read',
    on: 'gateway',
    summary: 'The running configuration as a Kong file; secrets are masked',
    query: Type.Object({
      ...InStack.properties,
      /** Without x-keelson, so that Kong reads it. */
      forKong: Type.Optional(Type.Boolean()),
    }),
    response: Type.Object({ text: Type.String(), leftOut: Type.Array(Type.String()) }),
  }),
  exportGatewaySecrets: endpoint({
    method: 'POST',
    path: '/api/v1/gateway/export-with-secrets',
    permission: 'gateway:secrets',
    on: 'gateway',
    summary: 'The running configuration as a Kong file, with the secrets it holds',
    body: Type.Object({
      stack: Type.Optional(stackName),
      forKong: Type.Optional(Type.Boolean()),
    }),
    response: Type.Object({ text: Type.String(), leftOut: Type.Array(Type.String()) }),
  }),
  applyGateway: endpoint({
    method: 'PUT',
    path: '/api/v1/gateway/config',
    permission: 'gateway:write',
    on: 'gateway',
    summary: "Replace the API's own configuration by a Kong file; with dryRun only the difference",
    query: LookedAt,
    bodyMax: fileMax,
    body: Type.Object({
      text: Type.String({ maxLength: 7_000_000 }),
      note: Type.Optional(Type.String({ maxLength: 500 })),
    }),
    response: GatewayDiff,
  }),
  listGatewayRevisions: endpoint({
    method: 'GET',
    path: '/api/v1/gateway/revisions',
    permission: 'gateway:read',
    on: 'gateway',
    summary: "What the API's own configuration was, newest first; the last 50 are kept",
    response: page(GatewayRevision),
  }),
  decideGatewayCanary: endpoint({
    method: 'POST',
    path: '/api/v1/gateway/canary',
    permission: 'gateway:write',
    on: 'gateway',
    summary: 'Promote a canary, take it back, or let it begin again',
    body: Type.Object({
      service: Type.String({ maxLength: 400, description: 'Name of the service that is split' }),
      verdict: Type.Enum([...canaryVerdicts]),
    }),
    response: Type.Object({}),
  }),
  rollBackGateway: endpoint({
    method: 'POST',
    path: '/api/v1/gateway/rollback',
    permission: 'gateway:write',
    on: 'gateway',
    summary: "Apply an earlier revision of the API's own configuration again",
    query: LookedAt,
    body: Type.Object({ revision: Type.Integer({ minimum: 1 }) }),
    response: GatewayDiff,
  }),
  getTimeline: endpoint({
    method: 'GET',
    path: '/api/v1/timeline',
    permission: 'services:read',
    on: 'listed',
    summary: 'What happened, newest first',
    query: Type.Object({ ...InStack.properties, cursor, limit: limit(500, 50) }),
    response: page(TimelineEntry),
  }),
  getSystem: endpoint({
    method: 'GET',
    path: '/api/v1/system',
    permission: 'system:read',
    summary: "Keelson's own parts, versions and storage",
    response: System,
  }),
  stopSystem: endpoint({
    method: 'POST',
    path: '/api/v1/system/stop',
    permission: 'system:stop',
    summary: 'Stop every stack and Keelson itself, leaving nothing behind',
    query: Type.Object({
      /** Leaves the stacks running; the next start adopts them. */
      keepStacks: Type.Optional(Type.Boolean()),
    }),
    response: null,
  }),
} as const

export type Api = typeof api
export type EndpointName = keyof Api

/**
 * Topics of `GET /api/v1/live?topics=a,b` (server-sent events). Durable topics carry an `id:` and
 * are replayed after a reconnect with Last-Event-ID; `reset` tells the client to read everything
 * again, because its last id is older than what is kept. The others begin with what is true now.
 */
export type LiveMessages = {
  /** All services once after connecting, then each that changed: the whole new summary. */
  services: ServiceSummary
  /** Something happened. Durable. */
  timeline: TimelineEntry
  /** A stack was applied or removed. Durable. */
  stacks: { stack: string; removed: boolean }
  /** Actions of plans that are being applied, as they get on. Not replayed. */
  actions: ActionProgress
  /** Once a second while there is any. Not replayed. */
  traffic: Traffic[]
  /** The numbers of each stack's gap audit, and again when its report is another or being made. */
  gaps: GapSummary & { isAuditing: boolean }
  /** Topic `logs:<stack>/<service>`; not replayed: continue with `after` of the log route. */
  logs: Static<typeof LogPage>['items']
  /** Sent once, after everything that is true now. */
  hello: { version: string; position: string }
  reset: { reason: string }
  /** A topic cannot be had (any more); the others go on. */
  refused: { topic: string; code: string; message: string }
}

export type CallOutput<N extends EndpointName> = Api[N]['response'] extends TSchema
  ? Static<Api[N]['response']>
  : void
