// Made by scripts/generate-sdk.ts from the OpenAPI document.

export type AccessExplanation = {
  allowed: boolean
  sentence: string
  who: {
    kind: 'user' | 'service_account' | 'stack_service' | 'role'
    id: string
    name: string
  }
  permission: Permission
  object: {
    name: string
    labels: Record<string, string>
    owner: string | null
    /** Else the answer is what would hold; also of one that whoever asks may not see */
    isThere: boolean
  }
  reason: 'disabled' | 'denied' | 'allowed' | 'no_grant' | 'everybody'
  considered: {
    grant: Grant
    why: 'decides' | 'agrees' | 'overruled' | 'other_object' | 'expired'
  }[]
}

export type ApiToken = {
  /** Public part: `kst_<id>_<secret>` */
  id: string
  name: string
  owner: {
    id: string
    name: string
    kind: string
  }
  /** null: all that its owner may */
  scopes: Permission[] | null
  /** Empty: from everywhere */
  networks: string[]
  createdBy: string
  /** Who made it for somebody else: it may nothing that one of them may not */
  boundedBy: string[]
  createdAt: string
  expiresAt: string | null
  lastUsedAt: string | null
  lastUsedAddress: string | null
  /** Until then the secret before works too */
  formerUntil: string | null
}

export type ApiTokenMade = {
  token: ApiToken
  /** The whole token; shown once */
  secret: string
}

export type Assertion = {
  /** JWT, typ identity+jwt, EdDSA */
  token: string
  expiresAt: string
  actor: {
    kind: string
    id: string
    name: string
  }
}

export type AuditRow = {
  id: string
  at: string
  action:
    | 'session.created'
    | 'session.challenged'
    | 'session.refused'
    | 'session.ended'
    | 'session.revoked'
    | 'session.confirmed'
    | 'request.denied'
    | 'client.approved'
    | 'client.refused'
    | 'client.issued'
    | 'client.revoked'
    | 'client.reused'
    | 'setup.completed'
    | 'setup_link.created'
    | 'user.invited'
    | 'user.joined'
    | 'user.changed'
    | 'user.disabled'
    | 'user.enabled'
    | 'user.deleted'
    | 'password.changed'
    | 'password.reset_started'
    | 'password.reset'
    | 'preferences.changed'
    | 'factor.added'
    | 'factor.removed'
    | 'recovery_codes.created'
    | 'recovery_code.used'
    | 'identity.linked'
    | 'identity.unlinked'
    | 'service_account.created'
    | 'service_account.changed'
    | 'service_account.deleted'
    | 'token.created'
    | 'token.rotated'
    | 'token.revoked'
    | 'team.created'
    | 'team.changed'
    | 'team.deleted'
    | 'role.created'
    | 'role.changed'
    | 'role.deleted'
    | 'grant.created'
    | 'grant.revoked'
    | 'grant.break_glass'
    | 'sign_in_policy.changed'
    | 'provider.created'
    | 'provider.changed'
    | 'provider.deleted'
    | 'stack.applied'
    | 'stack.removed'
    | 'service.started'
    | 'service.stopped'
    | 'service.restarted'
    | 'service.scaled'
    | 'service.rolled_back'
    | 'service.synced'
    | 'service.exec'
    | 'gap.audited'
    | 'gap.accepted'
    | 'gap.withdrawn'
    | 'gateway.configured'
    | 'gateway.consumer_created'
    | 'gateway.consumer_deleted'
    | 'gateway.key_created'
    | 'gateway.credential_deleted'
    | 'gateway.cache_purged'
    | 'gateway.cache_warmed'
    | 'gateway.canary_decided'
    | 'gateway.exported'
    | 'system.stopped'
    | 'master_key.rotated'
    | 'master_key.dropped'
    | 'audit.dropped'
    | 'audit.exported'
  outcome: 'done' | 'denied' | 'failed'
  actor: {
    /** user, service_account, stack_service, local, system, anonymous */
    kind: string
    id: string
    name: string
    credential: string | null
  }
  onBehalfOf: string | null
  object: {
    kind: string
    id: string
    name: string
  }
  /** What changed, before; secrets as fingerprints */
  before: unknown
  /** What changed, after; secrets as fingerprints */
  after: unknown
  /** Before and after were too large to be kept */
  cut: boolean
  reason: string | null
  address: string | null
  via: 'page' | 'cli' | 'api' | 'automation'
  requestId: string | null
  count: number
  place: {
    lane: number
    number: string
    chain: string
  }
}

/** How the audit is kept and delivered, and when its ends were signed last */
export type AuditState = {
  /** How long rows are kept; 0: for ever */
  keptMonths: number
  checkpoint: {
    number: number
    at: string
  } | null
  /** Where else it is delivered */
  sinks: {
    name: 'syslog' | 'webhook'
    /** Where to, without what may be secret in an address */
    to: string
    /** Rows that are not delivered yet */
    lagRows: number
    /** Age of the oldest of them; 0 without any */
    lagSeconds: number
    deliveredAt: string | null
    /** Why the last try failed; null when it did not */
    failure: string | null
  }[]
}

export type BoundPort = {
  target: number
  host: string
  port: number
  protocol: 'tcp' | 'udp'
}

export type Cause = {
  kind: 'service' | 'event'
  /** <stack>/<service> */
  service?: string
  text: string
  at?: string
}

export type Change = {
  kind: 'added' | 'removed' | 'changed'
  path: string
  file?: string
  files?: string[]
  before: string | null
  after: string | null
  origin?: Origin
}

export type ClientSession = {
  id: string
  current: boolean
  /** As the program calls itself */
  client: string
  scopes: Permission[] | null
  createdAt: string
  lastUsedAt: string
  expiresAt: string
  address: string | null
  device: string
}

export type DeclaredFact = {
  path: string
  declared: string | null
  running: string | null
  differs: boolean
  secret: boolean
  origin?: Origin
}

export type DependencySpec = {
  service: string
  condition: 'service_started' | 'service_healthy' | 'service_completed_successfully'
  required: boolean
  restart: boolean
}

export type DeviceRequest = {
  client: string
  scopes: Permission[] | null
  address: string | null
  device: string
  createdAt: string
  expiresAt: string
}

export type Drift = {
  kind:
    | 'source_changed'
    | 'file_changed'
    | 'image_changed'
    | 'instance_missing'
    | 'instance_stopped_outside'
    | 'instance_altered'
    | 'instance_extra'
    | 'stopped_by_request'
    | 'scaled_by_request'
  service: string | null
  instance: string | null
  text: string
  since: string
  file?: string
  origin?: Origin
  command: string
}

export type EnvironmentEntry = {
  name: string
  value: string | null
  secret: boolean
  origins: Origin[]
  injected: boolean
}

export type FactorAdded = {
  /** Shown once */
  recoveryCodes: string[] | null
}

export type Factors = {
  hasPassword: boolean
  totp: {
    since: string
  } | null
  passkeys: Passkey[]
  recoveryCodesLeft: number
  /** By a role that is held */
  required: boolean
}

export type FactorsForgotten = {
  /** There was a factor; else nothing was changed */
  found: boolean
  /** To join anew, for a user who has neither a password nor a provider */
  link: OneTimeLink | null
}

export type FileSpec = {
  kind: 'config' | 'secret'
  source: string
  target: string
  content?: string
  path?: string
  uid?: string
  gid?: string
  mode?: number
}

export type FilesPlan = {
  plan: Plan
  changed: string[]
  warnings: ProblemDetail[]
  readAt: string
}

export type GapAcceptance = {
  reason: string
  by: string
  at: string
  until: string | null
}

export type GapFact = {
  /** Path in the folder that was audited */
  file: string
  line: number
  column: number
  fact: string
  excerpt: {
    line: number
    text: string
    isIt: boolean
  }[]
}

export type GapFinding = {
  fingerprint: string
  /** family/name */
  rule: string
  severity: 'error' | 'warning' | 'info'
  title: string
  message: string
  service: string | null
  evidence: GapFact[]
  fix: string
  isFixable: boolean
  since: string
  acceptance: GapAcceptance | null
}

export type GapFixPreview = {
  files: {
    file: string
    diff: string
    fingerprints: string[]
  }[]
  skipped: {
    fingerprint: string
    why: string
  }[]
  command: string
}

export type GapHistoryPoint = {
  at: string
  score: number
  errors: number
  warnings: number
  infos: number
  accepted: number
  claimed: number | null
  declared: number
  built: number
  running: number | null
  appeared: string[]
  closed: string[]
  decided: string[]
}

export type GapInventory = {
  claimed: number | null
  claims: {
    text: string
    file: string
    line: number
  }[]
  declared: number
  built: number
  running: number | null
  healthy: number | null
  services: GapService[]
  score: number
  families: {
    family: string
    score: number
    errors: number
    warnings: number
    infos: number
  }[]
}

export type GapReport = {
  stack: string
  folder: string
  state: 'waiting' | 'ready' | 'failed'
  reason: string | null
  isAuditing: boolean
  at: string | null
  durationMs: number | null
  inventory: GapInventory | null
  findings: GapFinding[]
  suppressed: number
  notRead: {
    file: string
    why: string
  }[]
  /** What whoever asks may do with these findings */
  may: 'gaps:write'[]
}

export type GapService = {
  service: string
  category: string
  claimed: boolean
  built: boolean | null
  why: string | null
  runs: 'always' | 'once' | 'off'
  running: boolean | null
  healthy: boolean | null
  file: string
  line: number
}

export type GapSummary = {
  stack: string
  state: 'waiting' | 'ready' | 'failed'
  at: string | null
  score: number | null
  errors: number
  warnings: number
  infos: number
  accepted: number
}

export type GatewayCacheRow = {
  /** Id of the http-cache or proxy-cache plugin */
  plugin: string
  name: string
  scope: string
  entries: number
  memoryBytes: number
  memoryLimitBytes: number
  diskBytes: number
  hits: number
  misses: number
  stale: number
  revalidated: number
  collapsed: number
  evictions: number
  shared: string
  tags: {
    tag: string
    entries: number
  }[]
}

export type GatewayCertificateRow = {
  id: string
  manager: GatewayManager | null
  source: string
  names: string[]
  issuer: string
  notBefore: string | null
  notAfter: string | null
  fingerprint: string
  problem: string | null
}

export type GatewayChange = {
  change: 'created' | 'updated' | 'deleted'
  /** service, route, upstream, target, consumer, plugin… */
  kind: string
  name: string
  fields: {
    path: string
    before: unknown
    after: unknown
  }[]
}

export type GatewayConsumerRow = {
  id: string
  username: string | null
  customId: string | null
  manager: GatewayManager
  groups: string[]
  credentials: GatewayCredential[]
  plugins: {
    id: string
    name: string
    priority: number
    scope: string
  }[]
}

export type GatewayCredential = {
  id: string
  kind: 'keyauth_credentials' | 'basicauth_credentials' | 'hmacauth_credentials' | 'jwt_secrets'
  label: string
  tags: string[]
}

export type GatewayDiff = {
  changes: GatewayChange[]
  more: number
  faults: GatewayFault[]
  notes: string[]
  revision: number
}

export type GatewayDocumentSummary = {
  manager: GatewayManager
  revision: number
  appliedAt: string | null
  appliedBy: string | null
  counts: Record<string, number>
}

export type GatewayExplanation = {
  sentence: string
  routes: {
    id: string
    name: string | null
    manager: GatewayManager
    outcome: 'wins' | 'matches but loses' | 'does not match'
    reason: string
  }[]
  plugins: {
    id: string
    name: string
    priority: number
    scope: string
    phases: string[]
  }[]
  upstream: {
    /** What the service is asked for */
    url: string
    /** The Host header it gets */
    host: string
    algorithm: string
    target: string | null
    why: string
    others: string[]
  } | null
  captures: Record<string, string>
}

export type GatewayFault = {
  line: number
  column: number
  /** route 'orders' (services[3].routes[0]) */
  entity: string
  message: string
  hint: string | null
}

export type GatewayFigures = {
  requestsPerSecond: number
  errorsPerSecond: number
  p50Ms: number | null
  p95Ms: number | null
  p99Ms: number | null
  requests: number
  errors: number
}

export type GatewayFileSpec = {
  file: string
  text: string
  environment: Record<string, string>
}

export type GatewayKeyMade = {
  credential: GatewayCredential
  key: string
}

export type GatewayManager = {
  kind: 'compose' | 'file' | 'api'
  stack: string | null
  text: string
  file: string | null
}

export type GatewayPluginKind = {
  name: string
  priority: number
  summary: string
  scopes: string[]
  schema: unknown
  folder: string | null
  problem: string | null
}

export type GatewayRevision = {
  revision: number
  appliedAt: string
  appliedBy: string
  note: string | null
  counts: Record<string, number>
  isCurrent: boolean
}

export type GatewayRouteRow = {
  id: string
  name: string | null
  manager: GatewayManager
  protocols: string[]
  methods: string[]
  hosts: string[]
  paths: string[]
  headers: Record<string, string[]>
  snis: string[]
  stripPath: boolean
  preserveHost: boolean
  regexPriority: number
  service: {
    id: string
    name: string | null
    url: string
    enabled: boolean
    fleet: string | null
    upstream: string | null
    upstreamName: string | null
    tuning: {
      name: string
      text: string
    }[]
    canary: {
      to: string
      outcome: 'moving' | 'promoted' | 'rolled back'
      step: number
      steps: number[]
      percent: number
      reason: string
      since: string | null
    } | null
  } | null
  version: {
    api: string
    version: string
    deprecatedAt: string | null
    sunsetAt: string | null
    requests: number
  } | null
  plugins: {
    id: string
    name: string
    priority: number
    scope: string
  }[]
  figures: GatewayFigures
}

export type GatewayTarget = {
  instance: string
  host: string
  port: number
  weight: number
  effectiveWeight: number
  state: 'healthy' | 'unchecked' | 'half-open' | 'unresolved' | 'draining' | 'ejected' | 'unhealthy'
  breaker: 'closed' | 'open' | 'half-open' | 'off'
  reason: string
  since: string
  until: string | null
  inFlight: number
  latencyMs: number | null
  requests: number
  failures: number
  ejections: number
}

export type GatewayUpstreamRow = {
  key: string
  name: string
  manager: GatewayManager | null
  algorithm: string
  panic: string | null
  targets: GatewayTarget[]
  services: string[]
}

export type GatewayWarmed = {
  stored: number
  failed: number
  failures: {
    url: string
    reason: string
  }[]
}

export type Grant = {
  id: string
  holder: {
    kind: 'user' | 'service_account' | 'stack_service' | 'team'
    id: string
    name: string
  }
  role: string
  effect: 'allow' | 'deny'
  on: Selector
  expiresAt: string | null
  reason: string | null
  createdBy: string
  createdAt: string
}

export type HealthSpan = {
  state: 'healthy' | 'starting' | 'stopped' | 'unknown' | 'degraded' | 'unhealthy'
  reason: string
  from: string
  to: string
}

export type HookSpec = {
  command: string[]
  user?: string
  workingDir?: string
  privileged: boolean
  environment: Record<string, string>
  image?: string
  perReplica?: boolean
}

export type Instance = {
  /** <stack>-<service>-<number>, as Docker Compose names it */
  name: string
  service: string
  stack: string
  index: number
  runtime: 'process' | 'container'
  phase:
    | 'waiting'
    | 'starting'
    | 'running'
    | 'stopping'
    | 'backoff'
    | 'completed'
    | 'stopped'
    | 'failed'
  state: 'healthy' | 'starting' | 'stopped' | 'unknown' | 'degraded' | 'unhealthy'
  reason: string
  since: string
  pid: number | null
  containerId: string | null
  ports: BoundPort[]
  startedAt: string | null
  restarts: number
  exitCode: number | null
  latencyMs: number | null
  nextStartAt: string | null
}

export type InstanceUsage = {
  instance: string
  service: string
  cpuCores: number | null
  memoryBytes: number | null
  memoryLimitBytes: number | null
  processes: number | null
}

export type Invitation = {
  url: string
  expiresAt: string
  /** Held by whoever joins by it, of earlier invitations too */
  roles: string[]
}

export type LinkFacts = {
  purpose: 'setup' | 'invitation' | 'reset'
  name: string | null
  expiresAt: string
}

export type LogLine = {
  cursor: string
  at: string
  instance: string
  stream: 'stdout' | 'stderr' | 'keelson'
  text: string
}

export type LogPage = {
  items: LogLine[]
  previousCursor: string | null
  nextCursor: string | null
}

/** Oldest first */
export type MasterKeys = {
  source: 'file' | 'command'
  /** Path on the machine of the platform */
  file: string | null
  /** Whoever copies the data folder has the key too */
  inDataFolder: boolean
  /** Why the next start would fail by what file or command yield now */
  fault: string | null
  /** What older keys sealed is being sealed anew */
  resealing: boolean
  keys: {
    number: number
    /** What is sealed and proved from now on is under this one */
    inUse: boolean
    /** Values in the database that only this key opens */
    holds: {
      what: string
      count: number
    }[]
    /** Rows or checkpoints of the audit were written under it: verifying them takes it */
    audited: boolean
  }[]
}

export type MountSpec = {
  kind: 'bind' | 'volume' | 'tmpfs' | 'image' | 'npipe' | 'cluster'
  source?: string
  target: string
  readOnly: boolean
  createHostPath?: boolean
  propagation?: string
  selinux?: 'z' | 'Z'
  recursive?: string
  consistency?: string
  noCopy?: boolean
  subpath?: string
  sizeBytes?: number
  mode?: number
}

export type OneTimeLink = {
  url: string
  expiresAt: string
}

export type Origin = {
  file: string
  line: number
  column: number
  note?: string
}

export type Overview = {
  verdict: {
    state: 'healthy' | 'starting' | 'stopped' | 'unknown' | 'degraded' | 'unhealthy'
    sentence: string
  }
  counts: Record<string, number>
  problems: ServiceSummary[]
  recent: TimelineEntry[]
  stacks: Stack[]
}

export type Passkey = {
  id: string
  name: string
  /** Synchronised by whoever keeps it */
  backedUp: boolean
  createdAt: string
  lastUsedAt: string | null
}

export type PasskeyCeremony = {
  challenge: string
  /** WebAuthn in JSON */
  options: object
}

export type Permission =
  | 'public'
  | 'account:own'
  | 'status:read'
  | 'services:read'
  | 'services:restart'
  | 'services:write'
  | 'services:exec'
  | 'stacks:read'
  | 'stacks:write'
  | 'gaps:read'
  | 'gaps:write'
  | 'gateway:read'
  | 'gateway:write'
  | 'gateway:secrets'
  | 'logs:read'
  | 'users:read'
  | 'users:write'
  | 'access:write'
  | 'access:break-glass'
  | 'audit:read'
  | 'system:read'
  | 'system:write'
  | 'system:stop'

export type PlacedInstance = {
  /** <stack>-<service>-<number>, as Docker Compose names it */
  name: string
  service: string
  stack: string
  index: number
  runtime: 'process' | 'container'
  phase:
    | 'waiting'
    | 'starting'
    | 'running'
    | 'stopping'
    | 'backoff'
    | 'completed'
    | 'stopped'
    | 'failed'
  state: 'healthy' | 'starting' | 'stopped' | 'unknown' | 'degraded' | 'unhealthy'
  reason: string
  since: string
  pid: number | null
  containerId: string | null
  ports: BoundPort[]
  startedAt: string | null
  restarts: number
  exitCode: number | null
  latencyMs: number | null
  nextStartAt: string | null
  revision: number | null
  outdated: boolean
  draining: boolean
  standby: boolean
}

export type Plan = {
  stack: string
  /** Revision of the stack this plan leads to */
  revision: number
  digest: string
  actions: PlanAction[]
  /** Instances that stay as they are */
  unchanged: string[]
}

export type PlanAction = {
  id: string
  kind:
    | 'create_network'
    | 'create_volume'
    | 'build_image'
    | 'pull_image'
    | 'create_database'
    | 'start_instance'
    | 'replace_instance'
    | 'stop_instance'
    | 'update_instance'
    | 'remove_network'
    | 'configure_gateway'
  /** What it acts on: an instance, image, network, volume */
  subject: string
  service?: string
  /** Why, as one sentence */
  cause: string
  changes: Change[]
  origin?: Origin
  after: string[]
  waitFor: {
    service: string
    condition: 'service_started' | 'service_healthy' | 'service_completed_successfully'
  }[]
  /** Of a service that you may not read: what it does, and neither why nor where */
  hidden?: true
}

export type PortSpec = {
  target: number
  published?: number
  hostIp?: string
  protocol: 'tcp' | 'udp'
}

export type Preferences = {
  theme?: 'light' | 'dark' | 'system'
  timeZone?: string
  locale?: string
}

export type ProbeSpec =
  | {
      kind: 'http'
      path: string
      port?: number
      status?: number
      intervalMs: number
      timeoutMs: number
      retries: number
      startPeriodMs: number
      startIntervalMs: number
    }
  | {
      kind: 'tcp'
      port?: number
      intervalMs: number
      timeoutMs: number
      retries: number
      startPeriodMs: number
      startIntervalMs: number
    }
  | {
      kind: 'exec'
      command: string[]
      intervalMs: number
      timeoutMs: number
      retries: number
      startPeriodMs: number
      startIntervalMs: number
    }

export type Problem = {
  /** urn:keelson:problem:<code>; docs/reference/errors.md explains each */
  type: string
  title: string
  status: number
  detail: string
  /** Path of the request */
  instance?: string
  code: string
  hint: string
  requestId?: string
  errors?: ProblemDetail[]
}

export type ProblemDetail = {
  message: string
  /** JSON pointer into the request body */
  pointer?: string
  origin?: Origin
  hint?: string
}

export type Provider = {
  id: string
  /** On the button */
  name: string
  /** https://…, as its tokens say it */
  issuer: string
  clientId: string
  scopes: string[]
  groupsClaim: string
  roles: {
    group: string
    role: string
    on?: Selector
  }[]
  /** Whoever it knows gets an account */
  createsUsers: boolean
  /** No second factor is asked after it */
  trustsFactors: boolean
  /** It may be at a private or loopback address */
  allowsInternal: boolean
  disabled: boolean
  hasSecret: boolean
  /** To be registered at the provider */
  redirectUri: string
  users: number
  createdAt: string
}

export type ProviderIdentity = {
  provider: string
  providerName: string
  subject: string
  email: string | null
  createdAt: string
  lastUsedAt: string | null
}

export type PsEntry = {
  service: string
  stack: string
  instance: string
  runtime: 'process' | 'container'
  pid: number | null
  container_id: string | null
  state:
    | 'waiting'
    | 'starting'
    | 'running'
    | 'stopping'
    | 'backoff'
    | 'completed'
    | 'stopped'
    | 'failed'
  health: 'healthy' | 'starting' | 'stopped' | 'unknown' | 'degraded' | 'unhealthy'
  /** Why it is in this state, and empty when all is well */
  reason: string
  restarts: number
  started_at: string | null
  ports: BoundPort[]
}

export type Reading = {
  cwd: string
  files: string[]
  envFiles: string[]
  profiles: string[]
  named: string[]
  projectName?: string
  projectFolder?: string
  demo: boolean
  variables: Record<string, string>
}

export type RecoveryCodes = {
  /** Each works once; shown once */
  codes: string[]
}

export type RestartSpec = {
  policy: 'no' | 'always' | 'on-failure' | 'unless-stopped'
  attemptsMax?: number
  delayMs?: number
  windowMs?: number
}

export type Role = {
  name: string
  description: string
  permissions: Permission[]
  builtIn: boolean
  /** How many give or deny it */
  grants: number
}

export type Rollout = {
  service: string
  strategy: 'rolling' | 'blue-green' | 'recreate'
  phase: 'running' | 'paused' | 'rolling_back' | 'rolled_back' | 'completed' | 'switched'
  fromRevision: number | null
  toRevision: number
  done: number
  total: number
  text: string
  startedAt: string
  endedAt: string | null
  canRollBack: boolean
}

export type RouteSpec = {
  host?: string
  path: string
  stripPath: boolean
  port?: number
  timeoutMs: number
  methods?: string[]
  plugins?: {
    name: string
    config: Record<string, unknown>
  }[]
}

export type SecondFactorAsked = {
  challenge: string
  factors: ('totp' | 'passkey' | 'recovery_code')[]
  expiresAt: string
}

export type Selector = {
  name?: string
  /** All of them, one at least; left out: whatever the labels are */
  labels?: Record<string, string>
  /** Left out: whoever owns it */
  owner?: string
}

export type ServiceAccount = {
  id: string
  name: string
  description: string
  owner: {
    id: string
    name: string
  } | null
  disabledAt: string | null
  createdAt: string
  lastSeenAt: string | null
  roles: string[]
  teams: {
    id: string
    name: string
  }[]
  /** How many it has */
  tokens: number
}

export type ServiceDetail = {
  /** <stack>/<service> */
  id: string
  name: string
  stack: string
  description?: string
  owner?: string
  category: 'core' | 'communication' | 'automation' | 'ai_ml' | 'infrastructure' | 'monitoring'
  runtime: 'process' | 'container'
  builtIn: boolean
  state: 'healthy' | 'starting' | 'stopped' | 'unknown' | 'degraded' | 'unhealthy'
  reason: string
  since: string
  cause: Cause | null
  latencyMs: number | null
  instancesHealthy: number
  instancesWanted: number
  restarts: number
  dependsOn: string[]
  routes: string[]
  /** What whoever asks may do with this service */
  may: ('services:restart' | 'services:write' | 'services:exec')[]
  instances: Instance[]
  environment: EnvironmentEntry[]
  command: string[]
  image: string | null
  workingDir: string | null
  probe: ProbeSpec | null
  dependencies: DependencySpec[]
  dependents: string[]
  routing: RouteSpec[]
  origin: Origin | null
  /** Whether it can be restarted at all; `may` tells whether by whoever asks */
  canRestart: boolean
}

export type ServiceMap = {
  nodes: ServiceSummary[]
  edges: {
    source: string
    target: string
    declared: boolean
    traffic: Traffic | null
  }[]
}

export type ServiceSpec = {
  name: string
  description?: string
  owner?: string
  runtime: 'process' | 'container'
  category?: 'core' | 'communication' | 'automation' | 'ai_ml' | 'infrastructure' | 'monitoring'
  replicas: number
  entrypoint: string[] | null
  command: string[] | null
  workingDir?: string
  user?: string
  environment: Record<string, string>
  labels: Record<string, string>
  ports: PortSpec[]
  expose: number[]
  port?: 'auto' | number
  protocol: 'http' | 'tcp'
  dependsOn: DependencySpec[]
  probe: ProbeSpec | null
  restart: RestartSpec
  update?: UpdateSpec
  rollback?: UpdateSpec
  cpusMax?: number
  memoryLimitBytes?: number
  pidsMax?: number
  ulimits: Record<
    string,
    {
      soft: number
      hard: number
    }
  >
  groups: string[]
  files: FileSpec[]
  hooks: {
    preStart: HookSpec[]
    postStart: HookSpec[]
    preStop: HookSpec[]
  }
  hookTimeoutMs?: number
  watch: WatchSpec[]
  stopSignal: string
  stopGraceMs: number
  routes: RouteSpec[]
  database?: string
  container: {
    image?: string
    imageHealthcheck?: false
    build?: {
      context: string
      dockerfile?: string
      dockerfileInline?: string
      target?: string
      args: Record<string, string>
      additionalContexts?: Record<string, string>
      cacheFrom?: string[]
      cacheTo?: string[]
      extraHosts?: string[]
      labels?: Record<string, string>
      network?: string
      noCache?: boolean
      platforms?: string[]
      privileged?: boolean
      pull?: boolean
      secrets?: Record<string, string>
      shmSizeBytes?: number
      ssh?: string[]
      tags?: string[]
      ulimits?: Record<
        string,
        {
          soft: number
          hard: number
        }
      >
    }
    pullPolicy: 'always' | 'missing' | 'never' | 'build'
    pullIntervalMs?: number
    networks: Record<
      string,
      {
        aliases: string[]
        ipv4Address?: string
        ipv6Address?: string
        linkLocalIps?: string[]
        macAddress?: string
        driverOpts?: Record<string, string>
        priority?: number
        gatewayPriority?: number
        interfaceName?: string
      }
    >
    mounts: MountSpec[]
    hostname?: string
    containerName?: string
    platform?: string
    init: boolean
    tty: boolean
    stdinOpen: boolean
    privileged: boolean
    readOnly: boolean
    capAdd: string[]
    capDrop: string[]
    extraHosts: Record<string, string[]>
    networkMode?: string
    pid?: string
    ipc?: string
    uts?: string
    userns?: string
    cgroup?: string
    cgroupParent?: string
    isolation?: string
    ociRuntime?: string
    domainname?: string
    macAddress?: string
    dns?: string[]
    dnsOptions?: string[]
    dnsSearch?: string[]
    devices?: {
      source: string
      target: string
      permissions: string
    }[]
    deviceCgroupRules?: string[]
    deviceRequests?: {
      driver?: string
      count?: number
      deviceIds?: string[]
      capabilities: string[]
      options?: Record<string, string>
    }[]
    securityOptions?: string[]
    sysctls?: Record<string, string>
    storageOptions?: Record<string, string>
    annotations?: Record<string, string>
    shmSizeBytes?: number
    oomKillDisable?: boolean
    oomScoreAdjust?: number
    cpuShares?: number
    cpuPeriod?: number
    cpuQuota?: number
    cpuRealtimePeriod?: number
    cpuRealtimeRuntime?: number
    cpuset?: string
    memoryReservationBytes?: number
    memoryAndSwapBytes?: number
    memorySwappiness?: number
    blockIo?: {
      weight?: number
      weightDevices?: {
        path: string
        weight: number
      }[]
      readBps?: {
        path: string
        rate: number
      }[]
      writeBps?: {
        path: string
        rate: number
      }[]
      readIops?: {
        path: string
        rate: number
      }[]
      writeIops?: {
        path: string
        rate: number
      }[]
    }
    logging?: {
      driver?: string
      options: Record<string, string>
    }
    links?: string[]
    externalLinks?: string[]
    volumesFrom?: string[]
  } | null
  origins: Record<string, Origin[]>
}

export type ServicesStatus = {
  total_services: number
  healthy_services: number
  services: Record<
    string,
    {
      name: string
      stack: string
      status: 'healthy' | 'starting' | 'stopped' | 'unknown' | 'degraded' | 'unhealthy'
      reason: string
      since: string
      latency_ms: number | null
      /** Instances that are healthy now */
      instances: number
    }[]
  >
  timestamp: string
}

export type ServiceSummary = {
  /** <stack>/<service> */
  id: string
  name: string
  stack: string
  description?: string
  owner?: string
  category: 'core' | 'communication' | 'automation' | 'ai_ml' | 'infrastructure' | 'monitoring'
  runtime: 'process' | 'container'
  builtIn: boolean
  state: 'healthy' | 'starting' | 'stopped' | 'unknown' | 'degraded' | 'unhealthy'
  reason: string
  since: string
  cause: Cause | null
  latencyMs: number | null
  instancesHealthy: number
  instancesWanted: number
  restarts: number
  dependsOn: string[]
  routes: string[]
  /** What whoever asks may do with this service */
  may: ('services:restart' | 'services:write' | 'services:exec')[]
}

export type Session = {
  /** Name to sign in by, or of a program */
  actor: string
  /** As others see it; the same name unless chosen */
  displayName: string
  kind: string
  id: string
  permissions: Permission[]
  expiresAt: string | null
  /** A role asks for a second factor: until there is one, nothing else is allowed */
  factorNeeded: boolean
  preferences: Preferences
}

/** Whoever holds one of these roles needs a second factor */
export type SignInPolicy = {
  factorRoles: string[]
}

export type SignInState = {
  /** There was an administrator */
  setUp: boolean
  /** By which people sign in: GET /sign-in/<id> begins it */
  providers: {
    id: string
    name: string
  }[]
}

export type Stack = {
  name: string
  description?: string
  workingDir: string
  files: string[]
  demo: boolean
  builtIn: boolean
  revision: number
  appliedAt: string
  services: string[]
  /** So many of its services you may not read: of them their names and states are told */
  hidden?: number
  driftCount: number
  /** What whoever asks may do with this stack */
  may: ('stacks:write' | 'gaps:write')[]
}

export type StackObservation = {
  at: string
  instances: {
    service: string
    name: string
    isRunning: boolean
    isHealthy?: boolean
    isDone?: boolean
    reason: string
    listens?: number[]
  }[]
  strangers: {
    name: string
    image?: string
  }[]
  listeners: {
    port: number
    protocol: 'tcp' | 'udp'
    owner?: string
  }[]
  requests: {
    service: string
    count: number
    failed: number
  }[]
  scrapes: {
    job: string
    host: string
    port: number
    isUp: boolean
    reason: string
  }[]
  notApplied: {
    service: string
    file?: string
    what: string
  }[]
}

export type StackRevision = {
  revision: number
  appliedAt: string
  actor: string
  text: string
  current: boolean
}

export type StackServiceState = {
  summary: ServiceSummary
  replicas: {
    declared: number
    wanted: number
  }
  stoppedBy: string | null
  facts: DeclaredFact[]
  instances: PlacedInstance[]
  origin: Origin | null
}

export type StackSpec = {
  name: string
  description?: string
  workingDir: string
  files: string[]
  sources: {
    path: string
    sha256: string
  }[]
  reading?: Reading
  demo: boolean
  services: ServiceSpec[]
  gateway?: GatewayFileSpec
  networks: Record<
    string,
    {
      name: string
      external: boolean
      driver?: string
      internal: boolean
      attachable?: boolean
      enableIpv4?: boolean
      enableIpv6?: boolean
      driverOpts?: Record<string, string>
      labels?: Record<string, string>
      ipam?: {
        driver?: string
        options?: Record<string, string>
        config: {
          subnet?: string
          gateway?: string
          ipRange?: string
          auxAddresses?: Record<string, string>
        }[]
      }
    }
  >
  volumes: Record<
    string,
    {
      name: string
      external: boolean
      driver?: string
      driverOpts?: Record<string, string>
      labels?: Record<string, string>
    }
  >
}

export type StackState = {
  stack: Stack
  services: StackServiceState[]
  drift: Drift[]
  rollouts: Rollout[]
  checkedAt: string
}

export type StackUsage = {
  at: string
  instances: InstanceUsage[]
}

export type StartTimeline = {
  stack: string
  startedAt: string
  endedAt: string | null
  spans: {
    instance: string
    service: string
    from: string
    waits: {
      service: string
      condition: 'service_started' | 'service_healthy' | 'service_completed_successfully'
      to: string | null
    }[]
    startedAt: string | null
    readyAt: string | null
    failure: string | null
  }[]
  criticalPath: string[]
}

export type System = {
  version: string
  startedAt: string
  node: string
  dataFolder: string
  publicUrl: string
  certificate: {
    source: 'files' | 'acme'
    names: string[]
    notAfter: string | null
    fits: boolean
    problem: string | null
    nextTryAt: string | null
  } | null
  database: {
    kind: 'embedded' | 'external'
    version: string
    sizeBytes: number
  }
  parts: {
    name: string
    pid: number | null
    state: 'healthy' | 'starting' | 'stopped' | 'unknown' | 'degraded' | 'unhealthy'
    reason: string
    memoryBytes: number | null
    address: string | null
  }[]
  modules: {
    name: string
    target: string
    ready: boolean
  }[]
  storage: {
    name: string
    bytes: number
  }[]
  engine: {
    version: string
    apiVersion: string
  } | null
}

export type Team = {
  id: string
  name: string
  description: string
  members: {
    id: string
    name: string
    kind: string
  }[]
  /** Held by a grant of the team, anywhere */
  roles: string[]
}

export type TimelineEntry = {
  /** Place in the log; grows, and can be paged by */
  position: string
  at: string
  type: string
  /** <stack>/<service>, <stack> or system */
  subject: string
  severity: 'info' | 'good' | 'warning' | 'bad'
  text: string
  instance?: string
  actor?: string
}

export type TotpSecret = {
  secret: string
  uri: string
}

export type Traffic = {
  /** 'internet' or <stack>/<service> */
  source: string
  /** <stack>/<service> */
  target: string
  requestsPerSecond: number
  errorsPerSecond: number
  latencyMs: number | null
}

export type UpdateSpec = {
  strategy: 'rolling' | 'blue-green'
  parallelism: number
  delayMs: number
  order?: 'start-first' | 'stop-first'
  failureAction: 'pause' | 'continue' | 'rollback'
  monitorMs: number
  maxFailureRatio: number
}

export type User = {
  id: string
  name: string
  displayName: string
  email: string | null
  disabledAt: string | null
  createdAt: string
  lastSeenAt: string | null
  teams: {
    id: string
    name: string
  }[]
  /** Held by a grant of their own, anywhere */
  roles: string[]
  hasPassword: boolean
  /** By a password, a passkey or a provider; before that they have not joined */
  canSignIn: boolean
}

export type UserSession = {
  id: string
  current: boolean
  createdAt: string
  lastUsedAt: string
  expiresAt: string
  address: string | null
  /** Browser and system as its user agent says */
  device: string
}

export type WatchSpec = {
  path: string
  action: 'rebuild' | 'sync' | 'restart' | 'sync+restart' | 'sync+exec'
  target?: string
  include: string[]
  ignore: string[]
  initialSync: boolean
  exec?: HookSpec
}

export type Why = {
  service: ServiceSummary
  sentences: string[]
  chain: ServiceSummary[]
  events: TimelineEntry[]
  suggestion: {
    text: string
    command: string
  } | null
}

/** What each operation takes and answers. */
export type Operations = {
  /** What the sign-in page has to ask (public) */
  getSignIn: {
    answer: SignInState
  }
  /** Sign in with name and password; sets the session cookie, or asks for a second factor (public) */
  createSession: {
    body: {
      name: string
      password: string
    }
    answer: Session | SecondFactorAsked
  }
  /** Who is signed in, and what they may do (public) */
  getSession: {
    answer: Session
  }
  /** Sign out (public) */
  deleteSession: {
    answer: void
  }
  /** Make a single-use link to the form that creates the administrator; by the command line of the machine, until there was one (users:write) */
  createSetupLink: {
    answer: OneTimeLink
  }
  /** What a link is for; does not use it up (public) */
  readLink: {
    body: {
      token: string
    }
    answer: LinkFacts
  }
  /** Create the administrator, accept an invitation or reset a password; signs in (public) */
  useLink: {
    body: {
      token: string
      name?: string
      displayName?: string
      password?: string
      passkey?: {
        challenge: string
        /** WebAuthn in JSON */
        response: object
        name: string
      }
    }
    answer: Session | SecondFactorAsked
  }
  /** Users with their teams and roles (users:read) */
  listUsers: {
    query: { contains?: string; cursor?: string; limit?: number }
    answer: {
      items: User[]
      nextCursor: string | null
    }
  }
  /** One user (users:read) */
  getUser: {
    params: { user: string }
    answer: User
  }
  /** Make a link by which somebody joins under a name; earlier ones for it stop working (users:write) */
  inviteUser: {
    body: {
      name: string
      email?: string
      role?: string
    }
    answer: Invitation
  }
  /** Change the profile of a user, disable or enable them (users:write) */
  updateUser: {
    params: { user: string }
    body: {
      displayName?: string
      email?: string | null
      disabled?: boolean
    }
    answer: User
  }
  /** Delete a user; what they answer for is handed over (users:write) */
  deleteUser: {
    params: { user: string }
    query: { heir?: string }
    answer: void
  }
  /** Make a link by which the user chooses a new password; factors stay (users:write) */
  resetUser: {
    params: { user: string }
    answer: OneTimeLink
  }
  /** Where a user is signed in (users:read) */
  listUserSessions: {
    params: { user: string }
    answer: {
      items: UserSession[]
      nextCursor: string | null
    }
  }
  /** Sign a user out everywhere (users:write) */
  revokeUserSessions: {
    params: { user: string }
    answer: void
  }
  /** End one session of a user (users:write) */
  revokeUserSession: {
    params: { user: string; session: string }
    answer: void
  }
  /** Your own profile and preferences (account:own) */
  getAccount: {
    answer: {
      user: User
      preferences: Preferences
    }
  }
  /** Change your name as it is shown, and your preferences (account:own) */
  updateAccount: {
    body: {
      displayName?: string
      preferences?: Preferences
    }
    answer: {
      user: User
      preferences: Preferences
    }
  }
  /** Choose another password, or the first one; other sessions end (account:own) */
  changePassword: {
    body: {
      /** Left out by whoever has no password yet */
      present?: string
      next: string
    }
    answer: void
  }
  /** Where you are signed in (account:own) */
  listOwnSessions: {
    answer: {
      items: UserSession[]
      nextCursor: string | null
    }
  }
  /** End one of your sessions, or with `others` all but this one (account:own) */
  revokeOwnSession: {
    params: { session: string }
    answer: void
  }
  /** Begin to sign in, or to confirm it is you, with a passkey (public) */
  startPasskey: {
    answer: PasskeyCeremony
  }
  /** Sign in with a passkey, which is both factors; sets the session cookie (public) */
  createPasskeySession: {
    body: {
      challenge: string
      /** WebAuthn in JSON */
      response: object
    }
    answer: Session
  }
  /** End a sign-in that asked for a second factor: a TOTP code or a recovery code (public) */
  createSecondFactorSession: {
    body: {
      challenge: string
      code: string
    }
    answer: Session
  }
  /** Prove again that it is you: password and, if there is one, code; or a passkey (account:own) */
  confirmSession: {
    body: {
      password?: string
      code?: string
      passkey?: {
        challenge: string
        /** WebAuthn in JSON */
        response: object
      }
    }
    answer: void
  }
  /** Begin to make a passkey instead of a password, with a link that sets up or invites (public) */
  startLinkPasskey: {
    body: {
      token: string
      name?: string
    }
    answer: PasskeyCeremony
  }
  /** How you prove who you are (account:own) */
  getOwnFactors: {
    answer: Factors
  }
  /** Make a secret for an authenticator app; counts once a code of it was given (account:own) */
  startTotp: {
    answer: TotpSecret
  }
  /** Prove that the authenticator app works; other sessions end (account:own) */
  confirmTotp: {
    body: {
      code: string
    }
    answer: FactorAdded
  }
  /** Do without the authenticator app (account:own) */
  deleteTotp: {
    answer: void
  }
  /** Begin to make a passkey (account:own) */
  startOwnPasskey: {
    answer: PasskeyCeremony
  }
  /** Keep the passkey that the browser made (account:own) */
  createOwnPasskey: {
    body: {
      challenge: string
      /** WebAuthn in JSON */
      response: object
      name: string
    }
    answer: FactorAdded
  }
  /** Call a passkey something else (account:own) */
  renameOwnPasskey: {
    params: { passkey: string }
    body: {
      name: string
    }
    answer: void
  }
  /** Forget a passkey (account:own) */
  deleteOwnPasskey: {
    params: { passkey: string }
    answer: void
  }
  /** Make new recovery codes; those before stop working (account:own) */
  createRecoveryCodes: {
    answer: RecoveryCodes
  }
  /** Forget the factors of a user who has lost them, and sign them out (users:write) */
  deleteUserFactors: {
    params: { user: string }
    answer: FactorsForgotten
  }
  /** Whose roles ask for a second factor (users:read) */
  getSignInPolicy: {
    answer: SignInPolicy
  }
  /** Ask holders of roles for a second factor; without one they can do nothing but add it (access:write) */
  putSignInPolicy: {
    body: SignInPolicy
    answer: SignInPolicy
  }
  /** Where the master keys are, and what still hangs on each of them (system:write) */
  getMasterKeys: {
    answer: MasterKeys
  }
  /** Take up the newest master key that file or command yields; into a file it is written (system:write) */
  rotateMasterKey: {
    answer: MasterKeys
  }
  /** Do without a master key that nothing hangs on; out of a file it is taken (system:write) */
  dropMasterKey: {
    params: { number: number }
    answer: MasterKeys
  }
  /** Your API tokens, without their secrets (account:own) */
  listOwnTokens: {
    answer: {
      items: ApiToken[]
      nextCursor: string | null
    }
  }
  /** Make an API token that acts as you, within its scopes; shown once (account:own) */
  createOwnToken: {
    body: {
      name: string
      scopes?: Permission[]
      networks?: string[]
      expiresAt?: string
    }
    answer: ApiTokenMade
  }
  /** Give a token of yours a new secret; the one before goes on for a while (account:own) */
  rotateOwnToken: {
    params: { token: string }
    body: {
      /** How long the secret before goes on */
      overlapMinutes: number
      expiresAt?: string
    }
    answer: ApiTokenMade
  }
  /** Revoke a token of yours at once (account:own) */
  revokeOwnToken: {
    params: { token: string }
    answer: void
  }
  /** API tokens of everybody, without their secrets, those used last first (users:read) */
  listTokens: {
    query: { owner?: string; cursor?: string; limit?: number }
    answer: {
      items: ApiToken[]
      nextCursor: string | null
    }
  }
  /** Revoke the token of anybody at once (users:write) */
  revokeToken: {
    params: { token: string }
    answer: void
  }
  /** Accounts of programs, and who answers for them (users:read) */
  listServiceAccounts: {
    answer: {
      items: ServiceAccount[]
      nextCursor: string | null
    }
  }
  /** One service account (users:read) */
  getServiceAccount: {
    params: { account: string }
    answer: ServiceAccount
  }
  /** Make an account for a program; you answer for it unless told (users:write) */
  createServiceAccount: {
    body: {
      name: string
      description?: string
      owner?: string
      role?: string
    }
    answer: ServiceAccount
  }
  /** Change its description or owner, disable or enable it (users:write) */
  updateServiceAccount: {
    params: { account: string }
    body: {
      description?: string
      owner?: string
      disabled?: boolean
    }
    answer: ServiceAccount
  }
  /** Delete a service account with its tokens and grants (users:write) */
  deleteServiceAccount: {
    params: { account: string }
    answer: void
  }
  /** API tokens of a service account, without their secrets (users:read) */
  listServiceAccountTokens: {
    params: { account: string }
    answer: {
      items: ApiToken[]
      nextCursor: string | null
    }
  }
  /** Make an API token for a service account that may no more than you; shown once (users:write) */
  createServiceAccountToken: {
    params: { account: string }
    body: {
      name: string
      scopes?: Permission[]
      networks?: string[]
      expiresAt?: string
    }
    answer: ApiTokenMade
  }
  /** Give a token of a service account a new secret; the one before goes on for a while (users:write) */
  rotateServiceAccountToken: {
    params: { account: string; token: string }
    body: {
      /** How long the secret before goes on */
      overlapMinutes: number
      expiresAt?: string
    }
    answer: ApiTokenMade
  }
  /** Which program shows this code, and what it asks for (account:own) */
  readDeviceRequest: {
    body: {
      /** As XXXX-XXXX */
      userCode: string
    }
    answer: DeviceRequest
  }
  /** Let the program that shows this code act as you, or not (account:own) */
  decideDeviceRequest: {
    body: {
      /** As XXXX-XXXX */
      userCode: string
      approve: boolean
    }
    answer: void
  }
  /** Programs that you signed in (account:own) */
  listOwnClients: {
    answer: {
      items: ClientSession[]
      nextCursor: string | null
    }
  }
  /** Sign a program out (account:own) */
  revokeOwnClient: {
    params: { client: string }
    answer: void
  }
  /** Who you are, signed for a service, if you may do this there; what the gateway forwards (public) */
  createAssertion: {
    body: {
      /** As service:shop/web */
      object: string
      permission?: Permission
      /** Of the client the gateway asks for; believed from this machine alone */
      address?: string
    }
    answer: Assertion
  }
  /** OpenID providers by which people sign in, without their secrets (system:write) */
  listProviders: {
    answer: {
      items: Provider[]
      nextCursor: string | null
    }
  }
  /** Make or change an OpenID provider; its discovery document must be readable (system:write) */
  putProvider: {
    params: { provider: string }
    body: {
      /** On the button */
      name: string
      /** https://…, as its tokens say it */
      issuer: string
      clientId: string
      scopes?: string[]
      groupsClaim?: string
      roles?: {
        group: string
        role: string
        on?: Selector
      }[]
      /** Whoever it knows gets an account */
      createsUsers?: boolean
      /** No second factor is asked after it */
      trustsFactors?: boolean
      /** It may be at a private or loopback address */
      allowsInternal?: boolean
      disabled?: boolean
      /** Left out: stays as it is; null: there is none */
      clientSecret?: string | null
    }
    answer: Provider
  }
  /** Forget a provider with the grants of its groups; sessions made by it end (system:write) */
  deleteProvider: {
    params: { provider: string }
    answer: void
  }
  /** Your accounts at providers (account:own) */
  listOwnIdentities: {
    answer: {
      items: ProviderIdentity[]
      nextCursor: string | null
    }
  }
  /** Where to send the browser, so that you can sign in by this provider too (account:own) */
  linkOwnIdentity: {
    params: { provider: string }
    answer: {
      url: string
    }
  }
  /** Sign in by the account that the provider proved, from the session that asked for it (account:own) */
  finishOwnIdentity: {
    body: {
      challenge: string
    }
    answer: void
  }
  /** Do without a provider; the last way to sign in stays (account:own) */
  unlinkOwnIdentity: {
    params: { provider: string }
    answer: void
  }
  /** Built-in roles and your own, with their permissions (users:read) */
  listRoles: {
    answer: {
      items: Role[]
    }
  }
  /** Make a role, or change what it may; a built-in one is refused (access:write) */
  putRole: {
    params: { role: string }
    body: {
      description?: string
      permissions: Permission[]
    }
    answer: Role
  }
  /** Delete a role that no grant is about (access:write) */
  deleteRole: {
    params: { role: string }
    answer: void
  }
  /** Teams with their members and roles (users:read) */
  listTeams: {
    answer: {
      items: Team[]
    }
  }
  /** Make a team (access:write) */
  createTeam: {
    body: {
      name: string
      description?: string
    }
    answer: Team
  }
  /** Change name and description of a team (access:write) */
  updateTeam: {
    params: { team: string }
    body: {
      name?: string
      description?: string
    }
    answer: Team
  }
  /** Delete a team with its grants (access:write) */
  deleteTeam: {
    params: { team: string }
    answer: void
  }
  /** Make a user or service account a member: the grants of the team are theirs then (access:write) */
  addTeamMember: {
    params: { team: string; user: string }
    answer: Team
  }
  /** Take a member out of a team (access:write) */
  removeTeamMember: {
    params: { team: string; user: string }
    answer: Team
  }
  /** Who holds which role on what, oldest first; of a user without those of its teams (users:read) */
  listGrants: {
    query: { user?: string; team?: string; role?: string; cursor?: string; limit?: number }
    answer: {
      items: Grant[]
      nextCursor: string | null
    }
  }
  /** Give or deny a role to one user, service account or team, on everything unless told (access:write) */
  createGrant: {
    body: {
      /** Id or name */
      user?: string
      /** Id or name */
      team?: string
      role: string
      effect?: 'allow' | 'deny'
      on?: Selector
      expiresAt?: string
      reason?: string
    }
    answer: {
      id: string
      holder: {
        kind: 'user' | 'service_account' | 'stack_service' | 'team'
        id: string
        name: string
      }
      role: string
      effect: 'allow' | 'deny'
      on: Selector
      expiresAt: string | null
      reason: string | null
      createdBy: string
      createdAt: string
      /** It was there: nothing has been made */
      already: boolean
    }
  }
  /** Take a grant back (access:write) */
  revokeGrant: {
    params: { grant: string }
    answer: void
  }
  /** Give yourself a role on everything, for an hour at most; everybody is told why (access:break-glass) */
  breakGlass: {
    body: {
      role: string
      reason: string
      minutes: number
    }
    answer: Grant
  }
  /** Whether somebody may do something on an object, and which grants say so (users:read) */
  explainAccess: {
    query: { who: string; permission: Permission; object?: string }
    answer: AccessExplanation
  }
  /** Who did what, newest first; a page may hold fewer rows than asked for: go on by its cursor (audit:read) */
  listAudit: {
    query: {
      actor?: string
      action?:
        | 'session.created'
        | 'session.challenged'
        | 'session.refused'
        | 'session.ended'
        | 'session.revoked'
        | 'session.confirmed'
        | 'request.denied'
        | 'client.approved'
        | 'client.refused'
        | 'client.issued'
        | 'client.revoked'
        | 'client.reused'
        | 'setup.completed'
        | 'setup_link.created'
        | 'user.invited'
        | 'user.joined'
        | 'user.changed'
        | 'user.disabled'
        | 'user.enabled'
        | 'user.deleted'
        | 'password.changed'
        | 'password.reset_started'
        | 'password.reset'
        | 'preferences.changed'
        | 'factor.added'
        | 'factor.removed'
        | 'recovery_codes.created'
        | 'recovery_code.used'
        | 'identity.linked'
        | 'identity.unlinked'
        | 'service_account.created'
        | 'service_account.changed'
        | 'service_account.deleted'
        | 'token.created'
        | 'token.rotated'
        | 'token.revoked'
        | 'team.created'
        | 'team.changed'
        | 'team.deleted'
        | 'role.created'
        | 'role.changed'
        | 'role.deleted'
        | 'grant.created'
        | 'grant.revoked'
        | 'grant.break_glass'
        | 'sign_in_policy.changed'
        | 'provider.created'
        | 'provider.changed'
        | 'provider.deleted'
        | 'stack.applied'
        | 'stack.removed'
        | 'service.started'
        | 'service.stopped'
        | 'service.restarted'
        | 'service.scaled'
        | 'service.rolled_back'
        | 'service.synced'
        | 'service.exec'
        | 'gap.audited'
        | 'gap.accepted'
        | 'gap.withdrawn'
        | 'gateway.configured'
        | 'gateway.consumer_created'
        | 'gateway.consumer_deleted'
        | 'gateway.key_created'
        | 'gateway.credential_deleted'
        | 'gateway.cache_purged'
        | 'gateway.cache_warmed'
        | 'gateway.canary_decided'
        | 'gateway.exported'
        | 'system.stopped'
        | 'master_key.rotated'
        | 'master_key.dropped'
        | 'audit.dropped'
        | 'audit.exported'
      object?: string
      outcome?: 'done' | 'denied' | 'failed'
      address?: string
      from?: string
      until?: string
      contains?: string
      cursor?: string
      limit?: number
    }
    answer: {
      items: AuditRow[]
      nextCursor: string | null
    }
  }
  /** How long the audit is kept, its last checkpoint, and what is not delivered yet (audit:read) */
  getAuditState: {
    answer: AuditState
  }
  /** The verdict, what is wrong now, what changed last (services:read) */
  getOverview: {
    answer: Overview
  }
  /** Services with their state (services:read) */
  listServices: {
    query: { stack?: string; cursor?: string; limit?: number }
    answer: {
      items: ServiceSummary[]
      nextCursor: string | null
    }
  }
  /** State of all services by category (status:read) */
  getServicesStatus: {
    query: { stack?: string }
    answer: ServicesStatus
  }
  /** One service with its instances and its effective environment (services:read) */
  getService: {
    params: { name: string }
    query: { stack?: string }
    answer: ServiceDetail
  }
  /** What happened to a service, newest first (services:read) */
  getServiceTimeline: {
    params: { name: string }
    query: { stack?: string; cursor?: string; limit?: number }
    answer: {
      items: TimelineEntry[]
      nextCursor: string | null
    }
  }
  /** States over time, oldest first (services:read) */
  getServiceHealth: {
    params: { name: string }
    query: { stack?: string; hours?: number }
    answer: {
      from: string
      to: string
      spans: HealthSpan[]
    }
  }
  /** Log lines, oldest first; the newest page without a cursor (logs:read) */
  getServiceLogs: {
    params: { name: string }
    query: { stack?: string; instance?: string; before?: string; after?: string; limit?: number }
    answer: LogPage
  }
  /** Why a service is in its state, since when, caused by what (services:read) */
  whyService: {
    params: { name: string }
    query: { stack?: string }
    answer: Why
  }
  /** Restart all instances of a service, one after the other (services:restart) */
  restartService: {
    params: { name: string }
    query: { stack?: string }
    answer: ServiceSummary
  }
  /** Start a service that was stopped by request, after what it depends on; the permission is asked on each that starts (services:write) */
  startService: {
    params: { name: string }
    query: { stack?: string }
    answer: ServiceSummary
  }
  /** Stop a service until it is started again; what depends on it is stopped first, and the permission asked on it, too (services:write) */
  stopService: {
    params: { name: string }
    query: { stack?: string; only?: boolean }
    answer: ServiceSummary
  }
  /** Run another number of instances, until the stack is applied again (services:write) */
  scaleService: {
    params: { name: string }
    query: { stack?: string }
    body: {
      replicas: number
    }
    answer: ServiceSummary
  }
  /** Go back to the definition before the last update, or stop one that is under way (services:write) */
  rollBackService: {
    params: { name: string }
    query: { stack?: string }
    answer: Rollout
  }
  /** Copy files of the host into the instances of a service, as its watch rules say (services:write) */
  syncService: {
    params: { name: string }
    query: { stack?: string }
    body: {
      copies: {
        source: string
        target: string
      }[]
      removals: string[]
      afterwards: 'nothing' | 'restart' | 'exec'
    }
    answer: void
  }
  /** Services, their dependencies and the traffic between them (services:read) */
  getMap: {
    query: { stack?: string }
    answer: ServiceMap
  }
  /** Instances of one stack, or of all: the body of keelson ps --json (services:read) */
  listInstances: {
    query: { stack?: string }
    answer: PsEntry[]
  }
  /** Stacks that run here (stacks:read) */
  listStacks: {
    answer: {
      items: Stack[]
      nextCursor: string | null
    }
  }
  /** One stack (stacks:read) */
  getStack: {
    params: { stack: string }
    answer: Stack
  }
  /** What applying this would do; changes nothing, and asks for what applying asks for (stacks:write) */
  planStack: {
    params: { stack: string }
    query: { named?: string }
    body: StackSpec
    answer: Plan
  }
  /** What applying the files as they are now would do; reads them anew, changes nothing (stacks:read) */
  planStackFiles: {
    params: { stack: string }
    answer: FilesPlan
  }
  /** Apply the files as they are now, as keelson up does; refused unless the plan is this (stacks:write) */
  applyStackFiles: {
    params: { stack: string }
    query: { plan: string }
    answer: Plan
  }
  /** Apply a stack; answers with the plan once it is durable and begins to carry it out (stacks:write) */
  applyStack: {
    params: { stack: string }
    query: { dryRun?: boolean; plan?: string; named?: string }
    body: StackSpec
    answer: Plan
  }
  /** Stop and remove a stack; answers once nothing of it is left (stacks:write) */
  removeStack: {
    params: { stack: string }
    query: { volumes?: boolean; resources?: string; workingDir?: string }
    answer: void
  }
  /** The file beside what runs: facts, instances, drift and updates (stacks:read) */
  getStackState: {
    params: { stack: string }
    answer: StackState
  }
  /** What was applied, newest first; the last 20 are kept (stacks:read) */
  listStackRevisions: {
    params: { stack: string }
    answer: {
      items: StackRevision[]
      nextCursor: string | null
    }
  }
  /** Apply an earlier revision again, the one before by default (stacks:write) */
  rollBackStack: {
    params: { stack: string }
    query: { dryRun?: boolean }
    body: {
      revision?: number
    }
    answer: Plan
  }
  /** The last start as a timeline: who waited for whom, and the critical path (stacks:read) */
  getStackStart: {
    params: { stack: string }
    answer: StartTimeline
  }
  /** Processor and memory of every instance (stacks:read) */
  getStackUsage: {
    params: { stack: string }
    answer: StackUsage
  }
  /** Log lines of several services merged by time, oldest first (logs:read) */
  getStackLogs: {
    params: { stack: string }
    query: { services?: string; contains?: string; before?: string; after?: string; limit?: number }
    answer: LogPage
  }
  /** Every stack with the numbers of its last gap audit (gaps:read) */
  listGaps: {
    answer: {
      items: GapSummary[]
      nextCursor: string | null
    }
  }
  /** The last gap audit of a stack: inventory and findings with the lines of both sides (gaps:read) */
  getStackGaps: {
    params: { stack: string }
    answer: GapReport
  }
  /** Audit a stack now; answers when it is done (gaps:write) */
  auditStack: {
    params: { stack: string }
    answer: GapReport
  }
  /** How score and counts changed, oldest first; the newest page without a cursor (gaps:read) */
  getStackGapHistory: {
    params: { stack: string }
    query: { before?: string; limit?: number }
    answer: {
      items: GapHistoryPoint[]
      nextCursor: string | null
    }
  }
  /** Accept a finding with a reason: it no longer counts, and is still shown (gaps:write) */
  acceptGap: {
    params: { stack: string; fingerprint: string }
    body: {
      reason: string
      until?: string
    }
    answer: GapFinding
  }
  /** Let an accepted finding count again (gaps:write) */
  withdrawGapAcceptance: {
    params: { stack: string; fingerprint: string }
    answer: GapFinding
  }
  /** The diff that would mend findings; writes nothing (gaps:read) */
  previewGapFixes: {
    params: { stack: string }
    body: {
      fingerprints: string[]
    }
    answer: GapFixPreview
  }
  /** The stack as it is seen running: what keelson gaps --live holds against the files (services:read) */
  observeStack: {
    params: { stack: string }
    answer: StackObservation
  }
  /** Routes in the order they are matched, with their plugins and rates (gateway:read) */
  listGatewayRoutes: {
    query: { stack?: string; contains?: string; cursor?: string; limit?: number }
    answer: {
      items: GatewayRouteRow[]
      nextCursor: string | null
    }
  }
  /** Upstreams with each target: weight, health, breaker, in flight, ejections (gateway:read) */
  listGatewayUpstreams: {
    query: { stack?: string }
    answer: {
      items: GatewayUpstreamRow[]
      nextCursor: string | null
    }
  }
  /** Consumers with their groups and credentials, without what authenticates (gateway:read) */
  listGatewayConsumers: {
    query: { contains?: string; cursor?: string; limit?: number }
    answer: {
      items: GatewayConsumerRow[]
      nextCursor: string | null
    }
  }
  /** Make a consumer, managed by the API (gateway:write) */
  createGatewayConsumer: {
    body: {
      username: string
      customId?: string
      groups?: string[]
    }
    answer: GatewayConsumerRow
  }
  /** Remove a consumer that the API manages, with its credentials (gateway:write) */
  deleteGatewayConsumer: {
    params: { id: string }
    answer: void
  }
  /** Make an API key for a consumer; it is shown in this answer and never again (gateway:write) */
  createGatewayKey: {
    params: { id: string }
    body: {
      tags?: string[]
    }
    answer: GatewayKeyMade
  }
  /** Revoke a credential that the API manages (gateway:write) */
  deleteGatewayCredential: {
    params: { id: string }
    answer: void
  }
  /** Certificates with their names and expiry (gateway:read) */
  listGatewayCertificates: {
    answer: {
      items: GatewayCertificateRow[]
      nextCursor: string | null
    }
  }
  /** Caches with hit ratio, size and tags (gateway:read) */
  listGatewayCaches: {
    answer: {
      items: GatewayCacheRow[]
      nextCursor: string | null
    }
  }
  /** Forget stored answers by URL, prefix or tag, or all of them (gateway:write) */
  purgeGatewayCache: {
    body: {
      plugin?: string
      url?: string
      prefix?: string
      tag?: string
      all?: boolean
    }
    answer: {
      removed: number
    }
  }
  /** Ask for URLs, or paths of a host, so that their answers are stored; answers when all are done (gateway:write) */
  warmGatewayCache: {
    body: {
      /** Of the paths; without a port at that of the gateway */
      host?: string
      paths: string[]
    }
    answer: GatewayWarmed
  }
  /** Which route a request would take and why, its plugins and its target; sends nothing (gateway:read) */
  explainGateway: {
    body: {
      method: string
      /** Absolute, or a path */
      url: string
      headers: {
        name: string
        value: string
      }[]
      clientIp?: string
      consumer?: string
    }
    answer: GatewayExplanation
  }
  /** Plugins that can be configured, with their schemas (gateway:read) */
  listGatewayPlugins: {
    answer: GatewayPluginKind[]
  }
  /** Where the configuration comes from: compose files, Kong files, the API (gateway:read) */
  listGatewayDocuments: {
    answer: {
      items: GatewayDocumentSummary[]
      nextCursor: string | null
    }
  }
  /** The running configuration as a Kong file; secrets are masked (gateway:read) */
  exportGateway: {
    query: { stack?: string; forKong?: boolean }
    answer: {
      text: string
      leftOut: string[]
    }
  }
  /** The running configuration as a Kong file, with the secrets it holds (gateway:secrets) */
  exportGatewaySecrets: {
    body: {
      stack?: string
      forKong?: boolean
    }
    answer: {
      text: string
      leftOut: string[]
    }
  }
  /** Replace the API's own configuration by a Kong file; with dryRun only the difference (gateway:write) */
  applyGateway: {
    query: { dryRun?: boolean; revision?: number }
    body: {
      text: string
      note?: string
    }
    answer: GatewayDiff
  }
  /** What the API's own configuration was, newest first; the last 50 are kept (gateway:read) */
  listGatewayRevisions: {
    answer: {
      items: GatewayRevision[]
      nextCursor: string | null
    }
  }
  /** Promote a canary, take it back, or let it begin again (gateway:write) */
  decideGatewayCanary: {
    body: {
      /** Name of the service that is split */
      service: string
      verdict: 'promote' | 'roll back' | 'restart'
    }
    answer: object
  }
  /** Apply an earlier revision of the API's own configuration again (gateway:write) */
  rollBackGateway: {
    query: { dryRun?: boolean; revision?: number }
    body: {
      revision: number
    }
    answer: GatewayDiff
  }
  /** What happened, newest first (services:read) */
  getTimeline: {
    query: { stack?: string; cursor?: string; limit?: number }
    answer: {
      items: TimelineEntry[]
      nextCursor: string | null
    }
  }
  /** Keelson's own parts, versions and storage (system:read) */
  getSystem: {
    answer: System
  }
  /** Stop every stack and Keelson itself, leaving nothing behind (system:stop) */
  stopSystem: {
    query: { keepStacks?: boolean }
    answer: void
  }
}

/** Method and path of each operation. */
export const operations = {
  getSignIn: ['GET', '/api/v1/sign-in'],
  createSession: ['POST', '/api/v1/session'],
  getSession: ['GET', '/api/v1/session'],
  deleteSession: ['DELETE', '/api/v1/session'],
  createSetupLink: ['POST', '/api/v1/setup-links'],
  readLink: ['POST', '/api/v1/links/read'],
  useLink: ['POST', '/api/v1/links/use'],
  listUsers: ['GET', '/api/v1/users'],
  getUser: ['GET', '/api/v1/users/:user'],
  inviteUser: ['POST', '/api/v1/users/invitations'],
  updateUser: ['PUT', '/api/v1/users/:user'],
  deleteUser: ['DELETE', '/api/v1/users/:user'],
  resetUser: ['POST', '/api/v1/users/:user/reset-links'],
  listUserSessions: ['GET', '/api/v1/users/:user/sessions'],
  revokeUserSessions: ['DELETE', '/api/v1/users/:user/sessions'],
  revokeUserSession: ['DELETE', '/api/v1/users/:user/sessions/:session'],
  getAccount: ['GET', '/api/v1/account'],
  updateAccount: ['PUT', '/api/v1/account'],
  changePassword: ['PUT', '/api/v1/account/password'],
  listOwnSessions: ['GET', '/api/v1/account/sessions'],
  revokeOwnSession: ['DELETE', '/api/v1/account/sessions/:session'],
  startPasskey: ['POST', '/api/v1/session/passkey-challenges'],
  createPasskeySession: ['POST', '/api/v1/session/passkey'],
  createSecondFactorSession: ['POST', '/api/v1/session/second-factor'],
  confirmSession: ['POST', '/api/v1/session/confirmations'],
  startLinkPasskey: ['POST', '/api/v1/links/passkey-challenges'],
  getOwnFactors: ['GET', '/api/v1/account/factors'],
  startTotp: ['POST', '/api/v1/account/totp'],
  confirmTotp: ['POST', '/api/v1/account/totp/confirmations'],
  deleteTotp: ['DELETE', '/api/v1/account/totp'],
  startOwnPasskey: ['POST', '/api/v1/account/passkeys/challenges'],
  createOwnPasskey: ['POST', '/api/v1/account/passkeys'],
  renameOwnPasskey: ['PUT', '/api/v1/account/passkeys/:passkey'],
  deleteOwnPasskey: ['DELETE', '/api/v1/account/passkeys/:passkey'],
  createRecoveryCodes: ['POST', '/api/v1/account/recovery-codes'],
  deleteUserFactors: ['DELETE', '/api/v1/users/:user/factors'],
  getSignInPolicy: ['GET', '/api/v1/sign-in/policy'],
  putSignInPolicy: ['PUT', '/api/v1/sign-in/policy'],
  getMasterKeys: ['GET', '/api/v1/master-keys'],
  rotateMasterKey: ['POST', '/api/v1/master-keys'],
  dropMasterKey: ['DELETE', '/api/v1/master-keys/:number'],
  listOwnTokens: ['GET', '/api/v1/account/tokens'],
  createOwnToken: ['POST', '/api/v1/account/tokens'],
  rotateOwnToken: ['POST', '/api/v1/account/tokens/:token/rotations'],
  revokeOwnToken: ['DELETE', '/api/v1/account/tokens/:token'],
  listTokens: ['GET', '/api/v1/tokens'],
  revokeToken: ['DELETE', '/api/v1/tokens/:token'],
  listServiceAccounts: ['GET', '/api/v1/service-accounts'],
  getServiceAccount: ['GET', '/api/v1/service-accounts/:account'],
  createServiceAccount: ['POST', '/api/v1/service-accounts'],
  updateServiceAccount: ['PUT', '/api/v1/service-accounts/:account'],
  deleteServiceAccount: ['DELETE', '/api/v1/service-accounts/:account'],
  listServiceAccountTokens: ['GET', '/api/v1/service-accounts/:account/tokens'],
  createServiceAccountToken: ['POST', '/api/v1/service-accounts/:account/tokens'],
  rotateServiceAccountToken: ['POST', '/api/v1/service-accounts/:account/tokens/:token/rotations'],
  readDeviceRequest: ['POST', '/api/v1/device-requests/read'],
  decideDeviceRequest: ['POST', '/api/v1/device-requests/decisions'],
  listOwnClients: ['GET', '/api/v1/account/clients'],
  revokeOwnClient: ['DELETE', '/api/v1/account/clients/:client'],
  createAssertion: ['POST', '/api/v1/session/assertions'],
  listProviders: ['GET', '/api/v1/providers'],
  putProvider: ['PUT', '/api/v1/providers/:provider'],
  deleteProvider: ['DELETE', '/api/v1/providers/:provider'],
  listOwnIdentities: ['GET', '/api/v1/account/identities'],
  linkOwnIdentity: ['POST', '/api/v1/account/identities/:provider'],
  finishOwnIdentity: ['POST', '/api/v1/account/identities'],
  unlinkOwnIdentity: ['DELETE', '/api/v1/account/identities/:provider'],
  listRoles: ['GET', '/api/v1/roles'],
  putRole: ['PUT', '/api/v1/roles/:role'],
  deleteRole: ['DELETE', '/api/v1/roles/:role'],
  listTeams: ['GET', '/api/v1/teams'],
  createTeam: ['POST', '/api/v1/teams'],
  updateTeam: ['PUT', '/api/v1/teams/:team'],
  deleteTeam: ['DELETE', '/api/v1/teams/:team'],
  addTeamMember: ['PUT', '/api/v1/teams/:team/members/:user'],
  removeTeamMember: ['DELETE', '/api/v1/teams/:team/members/:user'],
  listGrants: ['GET', '/api/v1/grants'],
  createGrant: ['POST', '/api/v1/grants'],
  revokeGrant: ['DELETE', '/api/v1/grants/:grant'],
  breakGlass: ['POST', '/api/v1/account/break-glass'],
  explainAccess: ['GET', '/api/v1/access/explain'],
  listAudit: ['GET', '/api/v1/audit'],
  getAuditState: ['GET', '/api/v1/audit/state'],
  getOverview: ['GET', '/api/v1/overview'],
  listServices: ['GET', '/api/v1/services'],
  getServicesStatus: ['GET', '/api/v1/services/status'],
  getService: ['GET', '/api/v1/services/:name'],
  getServiceTimeline: ['GET', '/api/v1/services/:name/timeline'],
  getServiceHealth: ['GET', '/api/v1/services/:name/health'],
  getServiceLogs: ['GET', '/api/v1/services/:name/logs'],
  whyService: ['GET', '/api/v1/services/:name/why'],
  restartService: ['POST', '/api/v1/services/:name/restart'],
  startService: ['POST', '/api/v1/services/:name/start'],
  stopService: ['POST', '/api/v1/services/:name/stop'],
  scaleService: ['PUT', '/api/v1/services/:name/scale'],
  rollBackService: ['POST', '/api/v1/services/:name/rollback'],
  syncService: ['POST', '/api/v1/services/:name/sync'],
  getMap: ['GET', '/api/v1/map'],
  listInstances: ['GET', '/api/v1/instances'],
  listStacks: ['GET', '/api/v1/stacks'],
  getStack: ['GET', '/api/v1/stacks/:stack'],
  planStack: ['POST', '/api/v1/stacks/:stack/plan'],
  planStackFiles: ['GET', '/api/v1/stacks/:stack/files/plan'],
  applyStackFiles: ['POST', '/api/v1/stacks/:stack/files/apply'],
  applyStack: ['PUT', '/api/v1/stacks/:stack'],
  removeStack: ['DELETE', '/api/v1/stacks/:stack'],
  getStackState: ['GET', '/api/v1/stacks/:stack/state'],
  listStackRevisions: ['GET', '/api/v1/stacks/:stack/revisions'],
  rollBackStack: ['POST', '/api/v1/stacks/:stack/rollback'],
  getStackStart: ['GET', '/api/v1/stacks/:stack/start'],
  getStackUsage: ['GET', '/api/v1/stacks/:stack/usage'],
  getStackLogs: ['GET', '/api/v1/stacks/:stack/logs'],
  listGaps: ['GET', '/api/v1/gaps'],
  getStackGaps: ['GET', '/api/v1/stacks/:stack/gaps'],
  auditStack: ['POST', '/api/v1/stacks/:stack/gaps/audit'],
  getStackGapHistory: ['GET', '/api/v1/stacks/:stack/gaps/history'],
  acceptGap: ['PUT', '/api/v1/stacks/:stack/gaps/:fingerprint/acceptance'],
  withdrawGapAcceptance: ['DELETE', '/api/v1/stacks/:stack/gaps/:fingerprint/acceptance'],
  previewGapFixes: ['POST', '/api/v1/stacks/:stack/gaps/fix-preview'],
  observeStack: ['GET', '/api/v1/stacks/:stack/observation'],
  listGatewayRoutes: ['GET', '/api/v1/gateway/routes'],
  listGatewayUpstreams: ['GET', '/api/v1/gateway/upstreams'],
  listGatewayConsumers: ['GET', '/api/v1/gateway/consumers'],
  createGatewayConsumer: ['POST', '/api/v1/gateway/consumers'],
  deleteGatewayConsumer: ['DELETE', '/api/v1/gateway/consumers/:id'],
  createGatewayKey: ['POST', '/api/v1/gateway/consumers/:id/keys'],
  deleteGatewayCredential: ['DELETE', '/api/v1/gateway/credentials/:id'],
  listGatewayCertificates: ['GET', '/api/v1/gateway/certificates'],
  listGatewayCaches: ['GET', '/api/v1/gateway/caches'],
  purgeGatewayCache: ['POST', '/api/v1/gateway/caches/purge'],
  warmGatewayCache: ['POST', '/api/v1/gateway/caches/warm'],
  explainGateway: ['POST', '/api/v1/gateway/explain'],
  listGatewayPlugins: ['GET', '/api/v1/gateway/plugins'],
  listGatewayDocuments: ['GET', '/api/v1/gateway/documents'],
  exportGateway: ['GET', '/api/v1/gateway/export'],
  exportGatewaySecrets: ['POST', '/api/v1/gateway/export-with-secrets'],
  applyGateway: ['PUT', '/api/v1/gateway/config'],
  listGatewayRevisions: ['GET', '/api/v1/gateway/revisions'],
  decideGatewayCanary: ['POST', '/api/v1/gateway/canary'],
  rollBackGateway: ['POST', '/api/v1/gateway/rollback'],
  getTimeline: ['GET', '/api/v1/timeline'],
  getSystem: ['GET', '/api/v1/system'],
  stopSystem: ['POST', '/api/v1/system/stop'],
} as const satisfies Record<keyof Operations, readonly [string, string]>
