import { Type, type Static } from 'typebox'

/**
 * The gateway as people see it: what is configured and by whom, what wins, what is well, what was
 * cached, what expires. Rates are of the last seconds; nothing here holds a secret, except the answer
 * that makes a key, once.
 */

const time = Type.String({ format: 'date-time' })
const nullableTime = Type.Union([time, Type.Null()])
const nullableNumber = Type.Union([Type.Number(), Type.Null()])
const nullableText = Type.Union([Type.String(), Type.Null()])
const texts = Type.Array(Type.String())

/** Who manages an object: only there it can be changed. */
export const GatewayManager = Type.Object(
  {
    kind: Type.Enum(['compose', 'file', 'api']),
    /** Null for the API. */
    stack: nullableText,
    /** A sentence: `kong.yml of shop`. */
    text: Type.String(),
    /** The file, where there is one. */
    file: nullableText,
  },
  { $id: 'GatewayManager' },
)
export type GatewayManager = Static<typeof GatewayManager>

export const GatewayFault = Type.Object(
  {
    line: Type.Integer(),
    column: Type.Integer(),
    entity: Type.String({ description: "route 'orders' (services[3].routes[0])" }),
    message: Type.String(),
    hint: nullableText,
  },
  { $id: 'GatewayFault' },
)
export type GatewayFault = Static<typeof GatewayFault>

export const GatewayChange = Type.Object(
  {
    change: Type.Enum(['created', 'updated', 'deleted']),
    kind: Type.String({ description: 'service, route, upstream, target, consumer, plugin…' }),
    name: Type.String(),
    /** Of updated ones; secrets are masked. */
    fields: Type.Array(
      Type.Object({ path: Type.String(), before: Type.Unknown(), after: Type.Unknown() }),
    ),
  },
  { $id: 'GatewayChange' },
)
export type GatewayChange = Static<typeof GatewayChange>

export const GatewayDiff = Type.Object(
  {
    changes: Type.Array(GatewayChange, { maxItems: 1000 }),
    /** Changes beyond those listed. */
    more: Type.Integer(),
    faults: Type.Array(GatewayFault),
    notes: texts,
    /** Of the document that it was compared with; 0 when there was none. */
    revision: Type.Integer(),
  },
  { $id: 'GatewayDiff' },
)
export type GatewayDiff = Static<typeof GatewayDiff>

export const GatewayDocumentSummary = Type.Object(
  {
    manager: GatewayManager,
    revision: Type.Integer(),
    appliedAt: nullableTime,
    appliedBy: nullableText,
    counts: Type.Record(Type.String({ description: 'services, routes, plugins…' }), Type.Integer()),
  },
  { $id: 'GatewayDocumentSummary' },
)
export type GatewayDocumentSummary = Static<typeof GatewayDocumentSummary>

export const GatewayRevision = Type.Object(
  {
    revision: Type.Integer(),
    appliedAt: time,
    appliedBy: Type.String(),
    note: nullableText,
    counts: Type.Record(Type.String(), Type.Integer()),
    isCurrent: Type.Boolean(),
  },
  { $id: 'GatewayRevision' },
)
export type GatewayRevision = Static<typeof GatewayRevision>

/** Of the last ten seconds; null where nothing was asked. */
export const GatewayFigures = Type.Object(
  {
    requestsPerSecond: Type.Number(),
    errorsPerSecond: Type.Number(),
    p50Ms: nullableNumber,
    p95Ms: nullableNumber,
    p99Ms: nullableNumber,
    /** Since the gateways started. */
    requests: Type.Number(),
    errors: Type.Number(),
  },
  { $id: 'GatewayFigures' },
)
export type GatewayFigures = Static<typeof GatewayFigures>

export const GatewayPluginUse = Type.Object({
  id: Type.String(),
  name: Type.String(),
  priority: Type.Integer(),
  /** Where it is configured: global, service, route, consumer. */
  scope: Type.String(),
})
export type GatewayPluginUse = Static<typeof GatewayPluginUse>

const canaryOutcomes = ['moving', 'promoted', 'rolled back'] as const
export const canaryVerdicts = ['promote', 'roll back', 'restart'] as const

export const GatewayCanaryState = Type.Object({
  /** The service that gets the requests. */
  to: Type.String(),
  outcome: Type.Enum([...canaryOutcomes]),
  /** From 1. */
  step: Type.Integer(),
  steps: Type.Array(Type.Number({ description: 'Percent' })),
  percent: Type.Number(),
  /** A sentence on the last decision. */
  reason: Type.String(),
  since: nullableTime,
})
export type GatewayCanaryState = Static<typeof GatewayCanaryState>

export const GatewayRouteRow = Type.Object(
  {
    id: Type.String(),
    name: nullableText,
    manager: GatewayManager,
    protocols: texts,
    methods: texts,
    hosts: texts,
    paths: texts,
    headers: Type.Record(Type.String(), texts),
    snis: texts,
    stripPath: Type.Boolean(),
    preserveHost: Type.Boolean(),
    regexPriority: Type.Integer(),
    service: Type.Union([
      Type.Object({
        id: Type.String(),
        name: nullableText,
        /** `http://orders:3000/v1` */
        url: Type.String(),
        enabled: Type.Boolean(),
        /** `<stack>/<service>` when it is one of ours. */
        fleet: nullableText,
        /** Name of its upstream; null when its own address is its target. */
        upstream: nullableText,
        /** Of the upstream that its host names; null when that is a host. */
        upstreamName: nullableText,
        /** What its x-keelson asks for: split, retry, failover…, each with a sentence. */
        tuning: Type.Array(Type.Object({ name: Type.String(), text: Type.String() })),
        canary: Type.Union([GatewayCanaryState, Type.Null()]),
      }),
      Type.Null(),
    ]),
    version: Type.Union([
      Type.Object({
        api: Type.String(),
        version: Type.String(),
        deprecatedAt: nullableTime,
        sunsetAt: nullableTime,
        requests: Type.Number(),
      }),
      Type.Null(),
    ]),
    /** In the order they run. */
    plugins: Type.Array(GatewayPluginUse),
    figures: GatewayFigures,
  },
  { $id: 'GatewayRouteRow' },
)
export type GatewayRouteRow = Static<typeof GatewayRouteRow>

export const targetStates = [
  'healthy',
  'unchecked', // nobody looks after it, and nothing speaks against it
  'half-open', // tried again with little traffic
  'unresolved', // its name leads nowhere
  'draining',
  'ejected', // left out for a while, comes back by itself
  'unhealthy',
] as const

export const GatewayTarget = Type.Object(
  {
    instance: Type.String(),
    host: Type.String(),
    port: Type.Integer(),
    weight: Type.Number(),
    /** After slow start, ramp and zone. */
    effectiveWeight: Type.Number(),
    state: Type.Enum([...targetStates]),
    breaker: Type.Enum(['closed', 'open', 'half-open', 'off']),
    reason: Type.String(),
    since: time,
    /** When it is tried again. */
    until: nullableTime,
    inFlight: Type.Integer(),
    latencyMs: nullableNumber,
    requests: Type.Number(),
    failures: Type.Number(),
    ejections: Type.Number(),
  },
  { $id: 'GatewayTarget' },
)
export type GatewayTarget = Static<typeof GatewayTarget>

export const GatewayUpstreamRow = Type.Object(
  {
    key: Type.String(),
    name: Type.String(),
    manager: Type.Union([GatewayManager, Type.Null()]),
    algorithm: Type.String(),
    /** A sentence when all targets are used although they are not well. */
    panic: nullableText,
    targets: Type.Array(GatewayTarget),
    /** Services that go there, by name. */
    services: texts,
  },
  { $id: 'GatewayUpstreamRow' },
)
export type GatewayUpstreamRow = Static<typeof GatewayUpstreamRow>

export const GatewayCredential = Type.Object(
  {
    id: Type.String(),
    kind: Type.Enum([
      'keyauth_credentials',
      'basicauth_credentials',
      'hmacauth_credentials',
      'jwt_secrets',
    ]),
    /** The last four characters of a key, or a user name; never what authenticates. */
    label: Type.String(),
    tags: texts,
  },
  { $id: 'GatewayCredential' },
)
export type GatewayCredential = Static<typeof GatewayCredential>

export const GatewayConsumerRow = Type.Object(
  {
    id: Type.String(),
    username: nullableText,
    customId: nullableText,
    manager: GatewayManager,
    groups: texts,
    credentials: Type.Array(GatewayCredential),
    plugins: Type.Array(GatewayPluginUse),
  },
  { $id: 'GatewayConsumerRow' },
)
export type GatewayConsumerRow = Static<typeof GatewayConsumerRow>

/** The only answer that shows a key; nobody can read it again. */
export const GatewayKeyMade = Type.Object(
  { credential: GatewayCredential, key: Type.String() },
  { $id: 'GatewayKeyMade' },
)
export type GatewayKeyMade = Static<typeof GatewayKeyMade>

export const GatewayCertificateRow = Type.Object(
  {
    id: Type.String(),
    manager: Type.Union([GatewayManager, Type.Null()]),
    /** `file`, `acme`, `local authority`. */
    source: Type.String(),
    names: texts,
    issuer: Type.String(),
    /** Null as long as an ACME server has not given it. */
    notBefore: nullableTime,
    notAfter: nullableTime,
    fingerprint: Type.String(),
    /** What is wrong with it, or with its renewal. */
    problem: nullableText,
  },
  { $id: 'GatewayCertificateRow' },
)
export type GatewayCertificateRow = Static<typeof GatewayCertificateRow>

export const GatewayCacheRow = Type.Object(
  {
    plugin: Type.String({ description: 'Id of the http-cache or proxy-cache plugin' }),
    name: Type.String(),
    scope: Type.String(),
    entries: Type.Integer(),
    memoryBytes: Type.Integer(),
    memoryLimitBytes: Type.Integer(),
    diskBytes: Type.Integer(),
    hits: Type.Number(),
    misses: Type.Number(),
    stale: Type.Number(),
    revalidated: Type.Number(),
    collapsed: Type.Number(),
    evictions: Type.Number(),
    /** Redis: `none`, `connected`, or why it is away. */
    shared: Type.String(),
    tags: Type.Array(Type.Object({ tag: Type.String(), entries: Type.Integer() }), {
      maxItems: 200,
    }),
  },
  { $id: 'GatewayCacheRow' },
)
export type GatewayCacheRow = Static<typeof GatewayCacheRow>

export const GatewayWarmed = Type.Object(
  {
    /** Answered well; each of the caches that keep it has it now. */
    stored: Type.Integer(),
    failed: Type.Integer(),
    /** The first of those that failed. */
    failures: Type.Array(Type.Object({ url: Type.String(), reason: Type.String() }), {
      maxItems: 20,
    }),
  },
  { $id: 'GatewayWarmed' },
)
export type GatewayWarmed = Static<typeof GatewayWarmed>

export const GatewayExplainAsk = Type.Object({
  method: Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}$" }),
  url: Type.String({ maxLength: 8000, description: 'Absolute, or a path' }),
  headers: Type.Array(
    Type.Object({ name: Type.String({ maxLength: 200 }), value: Type.String({ maxLength: 8000 }) }),
    { maxItems: 100 },
  ),
  clientIp: Type.Optional(Type.String({ maxLength: 64 })),
  consumer: Type.Optional(Type.String({ maxLength: 200 })),
})
export type GatewayExplainAsk = Static<typeof GatewayExplainAsk>

export const GatewayExplanation = Type.Object(
  {
    /** One sentence: where it goes, or why nowhere. */
    sentence: Type.String(),
    routes: Type.Array(
      Type.Object({
        id: Type.String(),
        name: nullableText,
        manager: GatewayManager,
        outcome: Type.Enum(['wins', 'matches but loses', 'does not match']),
        reason: Type.String(),
      }),
    ),
    plugins: Type.Array(
      Type.Object({ ...GatewayPluginUse.properties, phases: Type.Array(Type.String()) }),
    ),
    upstream: Type.Union([
      Type.Object({
        url: Type.String({ description: 'What the service is asked for' }),
        host: Type.String({ description: 'The Host header it gets' }),
        algorithm: Type.String(),
        /** The target a request would meet now; null when there is none. */
        target: nullableText,
        why: Type.String(),
        /** Who else gets requests, or copies: sentences. */
        others: texts,
      }),
      Type.Null(),
    ]),
    captures: Type.Record(Type.String(), Type.String()),
  },
  { $id: 'GatewayExplanation' },
)
export type GatewayExplanation = Static<typeof GatewayExplanation>

export const GatewayPluginKind = Type.Object(
  {
    name: Type.String(),
    priority: Type.Integer(),
    summary: Type.String(),
    scopes: texts,
    /** JSON Schema of `config`. */
    schema: Type.Unknown(),
    /** Null: one of ours; else where it was loaded from. */
    folder: nullableText,
    /** Why it does not run, for one of a team's own. */
    problem: nullableText,
  },
  { $id: 'GatewayPluginKind' },
)
export type GatewayPluginKind = Static<typeof GatewayPluginKind>

/** `kong.yml` beside the compose file, as the CLI read it. */
export const GatewayFileSpec = Type.Object(
  {
    /** As it was named, for messages. */
    file: Type.String({ maxLength: 4096 }),
    text: Type.String({ maxLength: 7_000_000 }),
    /** Values of the variables that the text refers to, and of no others. */
    environment: Type.Record(Type.String(), Type.String()),
  },
  { $id: 'GatewayFileSpec' },
)
export type GatewayFileSpec = Static<typeof GatewayFileSpec>
