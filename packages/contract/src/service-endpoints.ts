import { Type, type Static } from 'typebox'
import { cursor, endpoint, fileMax, InStack, limit } from './endpoint.ts'
import { TimelineEntry } from './events.ts'
import { page } from './schemas.ts'
import {
  HealthSpan,
  LogPage,
  PsEntry,
  ServiceDetail,
  ServicesStatus,
  ServiceSummary,
  State,
} from './service.ts'
import { Rollout, Stack } from './stack.ts'

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
const ServiceParams = Type.Object({
  name: Type.String({
    description: 'Service name, or <stack>/<service> (the slash written %2F)',
    maxLength: 130,
  }),
})

export const serviceEndpoints = {
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
    summary:
      'Start a service that was stopped by request, after what it depends on; the permission is asked on each that starts',
    params: ServiceParams,
    query: InStack,
    response: ServiceSummary,
  }),
  stopService: endpoint({
    method: 'POST',
    path: '/api/v1/services/:name/stop',
    permission: 'services:write',
    on: 'service',
    summary:
      'Stop a service until it is started again; what depends on it is stopped first, and the permission asked on it, too',
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
    summary: 'Copy files of the host into the instances of a service, as its watch rules say',
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
} as const
