import { Type, type Static } from 'typebox'
import { GatewayFileSpec } from './gateway.ts'
import type { Permission } from './permissions.ts'
import { Origin, ProblemDetail } from './problem.ts'

/**
 * What the orchestrator runs: a compose project with every default filled in, every variable
 * replaced and every duration in milliseconds. The CLI makes it from compose files, because the
 * files, the `.env` and the shell belong to the person who calls it.
 */

export const serviceName = Type.String({
  ...{ pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]*$', maxLength: 63 },
  'x-fault': 'a service has letters, digits and . _ - only, and begins with a letter or digit',
})
export const stackName = Type.String({
  ...{ pattern: '^[a-z0-9][a-z0-9_-]*$', maxLength: 63 },
  'x-fault':
    'a stack has lower-case letters, digits and _ - only, and begins with a letter or digit',
})
const port = Type.Integer({ minimum: 1, maximum: 65535 })
const durationMs = Type.Integer({ minimum: 0, maximum: 86_400_000 })

export const categories = [
  'core',
  'communication',
  'automation',
  'ai_ml',
  'infrastructure',
  'monitoring',
] as const
export const Category = Type.Enum([...categories])
export type Category = (typeof categories)[number]

export const runtimes = ['process', 'container'] as const
export const RuntimeKind = Type.Enum([...runtimes])
export type RuntimeKind = (typeof runtimes)[number]

const timing = {
  intervalMs: durationMs,
  timeoutMs: durationMs,
  retries: Type.Integer({ minimum: 1, maximum: 1000 }),
  startPeriodMs: durationMs,
  startIntervalMs: durationMs,
}

/**
 * How an instance is asked whether it is well. `exec` runs inside the instance (compose's CMD and
 * CMD-SHELL); `http` and `tcp` are sent by Keelson. `port` is the port the service listens on.
 */
export const ProbeSpec = Type.Union(
  [
    Type.Object({
      kind: Type.Literal('http'),
      path: Type.String({ pattern: '^/', maxLength: 2000 }),
      port: Type.Optional(port),
      status: Type.Optional(Type.Integer({ minimum: 100, maximum: 599 })),
      ...timing,
    }),
    Type.Object({ kind: Type.Literal('tcp'), port: Type.Optional(port), ...timing }),
    Type.Object({
      kind: Type.Literal('exec'),
      command: Type.Array(Type.String(), { minItems: 1, maxItems: 1000 }),
      ...timing,
    }),
  ],
  { $id: 'ProbeSpec' },
)
export type ProbeSpec = Static<typeof ProbeSpec>

/** A way from the gateway's public port to a service. The longest matching path wins. */
export const RouteSpec = Type.Object(
  {
    host: Type.Optional(Type.String({ maxLength: 253 })),
    path: Type.String({ pattern: '^/', maxLength: 2000 }),
    stripPath: Type.Boolean(),
    port: Type.Optional(port),
    timeoutMs: durationMs,
    /** Empty: all. */
    methods: Type.Optional(Type.Array(Type.String({ maxLength: 40 }), { maxItems: 20 })),
    /** Gateway plugins of this route; `config` by the schema of the plugin. */
    plugins: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String({ maxLength: 100 }),
          config: Type.Record(Type.String(), Type.Unknown()),
        }),
        { maxItems: 50 },
      ),
    ),
  },
  { $id: 'RouteSpec' },
)
export type RouteSpec = Static<typeof RouteSpec>

export const PortSpec = Type.Object(
  {
    target: port,
    published: Type.Optional(port),
    hostIp: Type.Optional(Type.String({ maxLength: 64 })),
    protocol: Type.Enum(['tcp', 'udp']),
  },
  { $id: 'PortSpec' },
)
export type PortSpec = Static<typeof PortSpec>

const path = Type.String({ maxLength: 4096 })
const texts = Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 1000 })
const textMap = Type.Record(Type.String(), Type.String())
const size = Type.Integer({ minimum: 0 })

export const MountSpec = Type.Object(
  {
    kind: Type.Enum(['bind', 'volume', 'tmpfs', 'image', 'npipe', 'cluster']),
    source: Type.Optional(path),
    target: path,
    readOnly: Type.Boolean(),
    /** Of a bind; `createHostPath` makes a missing source as a folder. */
    createHostPath: Type.Optional(Type.Boolean()),
    propagation: Type.Optional(Type.String({ maxLength: 20 })),
    selinux: Type.Optional(Type.Enum(['z', 'Z'])),
    recursive: Type.Optional(Type.String({ maxLength: 20 })),
    consistency: Type.Optional(Type.String({ maxLength: 20 })),
    /** Of a volume or an image. */
    noCopy: Type.Optional(Type.Boolean()),
    subpath: Type.Optional(path),
    /** Of a tmpfs. */
    sizeBytes: Type.Optional(size),
    mode: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { $id: 'MountSpec' },
)
export type MountSpec = Static<typeof MountSpec>

export const dependencyConditions = [
  'service_started',
  'service_healthy',
  'service_completed_successfully',
] as const
export type DependencyCondition = (typeof dependencyConditions)[number]

export const DependencySpec = Type.Object(
  {
    service: serviceName,
    condition: Type.Enum([...dependencyConditions]),
    required: Type.Boolean(),
    restart: Type.Boolean(),
  },
  { $id: 'DependencySpec' },
)
export type DependencySpec = Static<typeof DependencySpec>

export const RestartSpec = Type.Object(
  {
    policy: Type.Enum(['no', 'always', 'on-failure', 'unless-stopped']),
    attemptsMax: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
    /** Waited before every attempt instead of the growing back-off. */
    delayMs: Type.Optional(durationMs),
    /** An instance that ran for so long counts as having started: attempts begin anew. */
    windowMs: Type.Optional(durationMs),
  },
  { $id: 'RestartSpec' },
)
export type RestartSpec = Static<typeof RestartSpec>

/**
 * How instances of a changed service are exchanged (compose's `deploy.update_config`). Without one
 * in the file: one at a time, the new one first where both can be there at once.
 */
export const UpdateSpec = Type.Object(
  {
    /** `blue-green` starts all the new ones, switches, and keeps the old ones for a way back. */
    strategy: Type.Enum(['rolling', 'blue-green']),
    /** Instances exchanged at once; 0 is all of them. */
    parallelism: Type.Integer({ minimum: 0, maximum: 100 }),
    delayMs: durationMs,
    /** Absent: new first where a second instance can run beside the first. */
    order: Type.Optional(Type.Enum(['start-first', 'stop-first'])),
    failureAction: Type.Enum(['pause', 'continue', 'rollback']),
    /** How long a new instance is watched after it became healthy. */
    monitorMs: durationMs,
    /** Share of instances that may fail before `failureAction`, 0 to 1. */
    maxFailureRatio: Type.Number({ minimum: 0, maximum: 1 }),
  },
  { $id: 'UpdateSpec' },
)
export type UpdateSpec = Static<typeof UpdateSpec>

/** A command around the life of an instance. `preStart` of a container may have an image. */
export const HookSpec = Type.Object(
  {
    command: Type.Array(Type.String(), { minItems: 1, maxItems: 1000 }),
    user: Type.Optional(Type.String({ maxLength: 255 })),
    workingDir: Type.Optional(path),
    privileged: Type.Boolean(),
    environment: textMap,
    image: Type.Optional(Type.String({ maxLength: 1000 })),
    /** Of `preStart`: before every instance, not once for the service. */
    perReplica: Type.Optional(Type.Boolean()),
  },
  { $id: 'HookSpec' },
)
export type HookSpec = Static<typeof HookSpec>

/**
 * A config or a secret as a file of the instance. Exactly one of `content` and `path`; a secret's
 * content is never part of an answer of the API. `target` is absolute for containers (compose's
 * defaults filled in); a process finds relative targets below $KEELSON_FILES.
 */
export const FileSpec = Type.Object(
  {
    kind: Type.Enum(['config', 'secret']),
    /** Key in the file's top-level `configs` or `secrets`. */
    source: Type.String({ maxLength: 255 }),
    target: path,
    content: Type.Optional(Type.String({ maxLength: 524_288 })),
    path: Type.Optional(path),
    uid: Type.Optional(Type.String({ maxLength: 20 })),
    gid: Type.Optional(Type.String({ maxLength: 20 })),
    mode: Type.Optional(Type.Integer({ minimum: 0, maximum: 0o7777 })),
  },
  { $id: 'FileSpec' },
)
export type FileSpec = Static<typeof FileSpec>

export const Ulimit = Type.Object({ soft: Type.Integer(), hard: Type.Integer() })

/** `develop.watch`: what a change of files below `path` does. */
export const WatchSpec = Type.Object(
  {
    path,
    action: Type.Enum(['rebuild', 'sync', 'restart', 'sync+restart', 'sync+exec']),
    target: Type.Optional(path),
    include: texts,
    ignore: texts,
    initialSync: Type.Boolean(),
    exec: Type.Optional(HookSpec),
  },
  { $id: 'WatchSpec' },
)
export type WatchSpec = Static<typeof WatchSpec>

export const BuildSpec = Type.Object({
  context: path,
  dockerfile: Type.Optional(path),
  dockerfileInline: Type.Optional(Type.String({ maxLength: 262_144 })),
  target: Type.Optional(Type.String({ maxLength: 255 })),
  args: textMap,
  additionalContexts: Type.Optional(textMap),
  cacheFrom: Type.Optional(texts),
  cacheTo: Type.Optional(texts),
  extraHosts: Type.Optional(texts),
  labels: Type.Optional(textMap),
  network: Type.Optional(Type.String({ maxLength: 255 })),
  noCache: Type.Optional(Type.Boolean()),
  platforms: Type.Optional(texts),
  privileged: Type.Optional(Type.Boolean()),
  pull: Type.Optional(Type.Boolean()),
  /** Files a build may mount (BuildKit): id to absolute path. */
  secrets: Type.Optional(textMap),
  shmSizeBytes: Type.Optional(size),
  /** `default`, or `id=path`: agent sockets and keys (BuildKit). */
  ssh: Type.Optional(texts),
  tags: Type.Optional(texts),
  ulimits: Type.Optional(Type.Record(Type.String(), Ulimit)),
})
export type BuildSpec = Static<typeof BuildSpec>

/** How a container takes part in a network. */
export const AttachmentSpec = Type.Object({
  aliases: Type.Array(Type.String(), { maxItems: 100 }),
  ipv4Address: Type.Optional(Type.String({ maxLength: 64 })),
  ipv6Address: Type.Optional(Type.String({ maxLength: 64 })),
  linkLocalIps: Type.Optional(texts),
  macAddress: Type.Optional(Type.String({ maxLength: 32 })),
  driverOpts: Type.Optional(textMap),
  /** The highest connects first. */
  priority: Type.Optional(Type.Integer()),
  /** The highest gives the default route (engine 28 and newer). */
  gatewayPriority: Type.Optional(Type.Integer()),
  interfaceName: Type.Optional(Type.String({ maxLength: 64 })),
})
export type AttachmentSpec = Static<typeof AttachmentSpec>

/** Accelerators: `gpus` and `deploy.resources.reservations.devices`. */
export const DeviceRequestSpec = Type.Object({
  driver: Type.Optional(Type.String({ maxLength: 255 })),
  /** -1 is all of them. */
  count: Type.Optional(Type.Integer({ minimum: -1 })),
  deviceIds: Type.Optional(texts),
  capabilities: texts,
  options: Type.Optional(textMap),
})

const weightOf = Type.Object({ path, weight: Type.Integer() })
const rateOf = Type.Object({ path, rate: Type.Integer() })

/** What only the container runtime understands; the process runtime refuses a service with any. */
export const ContainerSpec = Type.Object({
  image: Type.Optional(Type.String({ maxLength: 1000 })),
  /** False: the health check of the image itself is off too (`disable: true`, `test: NONE`). */
  imageHealthcheck: Type.Optional(Type.Literal(false)),
  build: Type.Optional(BuildSpec),
  pullPolicy: Type.Enum(['always', 'missing', 'never', 'build']),
  pullIntervalMs: Type.Optional(Type.Integer({ minimum: 0 })),
  networks: Type.Record(Type.String(), AttachmentSpec),
  mounts: Type.Array(MountSpec, { maxItems: 200 }),
  hostname: Type.Optional(Type.String({ maxLength: 253 })),
  containerName: Type.Optional(Type.String({ maxLength: 253 })),
  platform: Type.Optional(Type.String({ maxLength: 100 })),
  init: Type.Boolean(),
  tty: Type.Boolean(),
  stdinOpen: Type.Boolean(),
  privileged: Type.Boolean(),
  readOnly: Type.Boolean(),
  capAdd: Type.Array(Type.String(), { maxItems: 100 }),
  capDrop: Type.Array(Type.String(), { maxItems: 100 }),
  /** `name` to addresses; `host-gateway` is the host. */
  extraHosts: Type.Record(Type.String(), texts),
  /** `host`, `none`, `bridge`, `service:x`, `container:x`: then `networks` is empty. */
  networkMode: Type.Optional(Type.String({ maxLength: 255 })),
  pid: Type.Optional(Type.String({ maxLength: 255 })),
  ipc: Type.Optional(Type.String({ maxLength: 255 })),
  uts: Type.Optional(Type.String({ maxLength: 255 })),
  userns: Type.Optional(Type.String({ maxLength: 255 })),
  cgroup: Type.Optional(Type.String({ maxLength: 255 })),
  cgroupParent: Type.Optional(Type.String({ maxLength: 255 })),
  isolation: Type.Optional(Type.String({ maxLength: 255 })),
  /** The OCI runtime: `runc`, `kata`. */
  ociRuntime: Type.Optional(Type.String({ maxLength: 255 })),
  domainname: Type.Optional(Type.String({ maxLength: 253 })),
  macAddress: Type.Optional(Type.String({ maxLength: 32 })),
  dns: Type.Optional(texts),
  dnsOptions: Type.Optional(texts),
  dnsSearch: Type.Optional(texts),
  devices: Type.Optional(
    Type.Array(Type.Object({ source: path, target: path, permissions: Type.String() })),
  ),
  deviceCgroupRules: Type.Optional(texts),
  deviceRequests: Type.Optional(Type.Array(DeviceRequestSpec, { maxItems: 100 })),
  securityOptions: Type.Optional(texts),
  sysctls: Type.Optional(textMap),
  storageOptions: Type.Optional(textMap),
  annotations: Type.Optional(textMap),
  shmSizeBytes: Type.Optional(size),
  oomKillDisable: Type.Optional(Type.Boolean()),
  oomScoreAdjust: Type.Optional(Type.Integer({ minimum: -1000, maximum: 1000 })),
  cpuShares: Type.Optional(Type.Integer({ minimum: 0 })),
  cpuPeriod: Type.Optional(Type.Integer({ minimum: 0 })),
  cpuQuota: Type.Optional(Type.Integer()),
  cpuRealtimePeriod: Type.Optional(Type.Integer({ minimum: 0 })),
  cpuRealtimeRuntime: Type.Optional(Type.Integer({ minimum: 0 })),
  cpuset: Type.Optional(Type.String({ maxLength: 255 })),
  memoryReservationBytes: Type.Optional(size),
  /** Memory and swap together; -1 is no limit of swap. */
  memoryAndSwapBytes: Type.Optional(Type.Integer({ minimum: -1 })),
  memorySwappiness: Type.Optional(Type.Integer({ minimum: -1, maximum: 100 })),
  blockIo: Type.Optional(
    Type.Object({
      weight: Type.Optional(Type.Integer()),
      weightDevices: Type.Optional(Type.Array(weightOf)),
      readBps: Type.Optional(Type.Array(rateOf)),
      writeBps: Type.Optional(Type.Array(rateOf)),
      readIops: Type.Optional(Type.Array(rateOf)),
      writeIops: Type.Optional(Type.Array(rateOf)),
    }),
  ),
  /** Absent: the engine's own; Keelson reads `json-file`, `local` and `journald` back. */
  logging: Type.Optional(Type.Object({ driver: Type.Optional(Type.String()), options: textMap })),
  /** `service` or `service:alias`; other containers by their own name in `externalLinks`. */
  links: Type.Optional(texts),
  externalLinks: Type.Optional(texts),
  /** `service:x[:ro]` or `container:x[:ro]`. */
  volumesFrom: Type.Optional(texts),
})
export type ContainerSpec = Static<typeof ContainerSpec>

export const ServiceSpec = Type.Object(
  {
    name: serviceName,
    description: Type.Optional(Type.String({ maxLength: 1000 })),
    owner: Type.Optional(Type.String({ maxLength: 255 })),
    runtime: RuntimeKind,
    category: Type.Optional(Category),
    replicas: Type.Integer({ minimum: 0, maximum: 100 }),
    entrypoint: Type.Union([Type.Array(Type.String(), { maxItems: 1000 }), Type.Null()]),
    command: Type.Union([Type.Array(Type.String(), { maxItems: 1000 }), Type.Null()]),
    workingDir: Type.Optional(Type.String({ maxLength: 4096 })),
    user: Type.Optional(Type.String({ maxLength: 255 })),
    environment: Type.Record(Type.String(), Type.String()),
    labels: Type.Record(Type.String(), Type.String()),
    ports: Type.Array(PortSpec, { maxItems: 200 }),
    expose: Type.Array(port, { maxItems: 200 }),
    /** Process runtime: `auto` gives every instance a free port in $PORT; a number is that port. */
    port: Type.Optional(Type.Union([Type.Literal('auto'), port])),
    /** `http` services are reached through the gateway's edge listeners, `tcp` ones directly. */
    protocol: Type.Enum(['http', 'tcp']),
    dependsOn: Type.Array(DependencySpec, { maxItems: 200 }),
    probe: Type.Union([ProbeSpec, Type.Null()]),
    restart: RestartSpec,
    update: Type.Optional(UpdateSpec),
    rollback: Type.Optional(UpdateSpec),
    /** Limits of one instance, whatever runs it. */
    cpusMax: Type.Optional(Type.Number({ minimum: 0 })),
    memoryLimitBytes: Type.Optional(size),
    pidsMax: Type.Optional(Type.Integer({ minimum: -1 })),
    ulimits: Type.Record(Type.String(), Ulimit),
    /** Supplementary groups, names or numbers. */
    groups: texts,
    files: Type.Array(FileSpec, { maxItems: 200 }),
    hooks: Type.Object({
      preStart: Type.Array(HookSpec, { maxItems: 50 }),
      postStart: Type.Array(HookSpec, { maxItems: 50 }),
      preStop: Type.Array(HookSpec, { maxItems: 50 }),
    }),
    /** How long a hook before or after the start may take; without it two minutes. */
    hookTimeoutMs: Type.Optional(durationMs),
    watch: Type.Array(WatchSpec, { maxItems: 100 }),
    stopSignal: Type.String({ pattern: '^SIG[A-Z0-9+]+$', maxLength: 20 }),
    stopGraceMs: durationMs,
    routes: Type.Array(RouteSpec, { maxItems: 100 }),
    /** Name of a PostgreSQL database of its own, reached through $DATABASE_URL. */
    database: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9_]*$', maxLength: 63 })),
    container: Type.Union([ContainerSpec, Type.Null()]),
    /** Origins by path inside the service, as in `environment.DB_URL`; '' is the service itself. */
    origins: Type.Record(Type.String(), Type.Array(Origin, { maxItems: 20 })),
  },
  { $id: 'ServiceSpec' },
)
export type ServiceSpec = Static<typeof ServiceSpec>

/** A process of which nothing more is said. */
export const plainService: Omit<ServiceSpec, 'name'> = {
  runtime: 'process',
  replicas: 1,
  entrypoint: null,
  command: null,
  environment: {},
  labels: {},
  ports: [],
  expose: [],
  protocol: 'tcp',
  dependsOn: [],
  probe: null,
  restart: { policy: 'always' },
  ulimits: {},
  groups: [],
  files: [],
  hooks: { preStart: [], postStart: [], preStop: [] },
  watch: [],
  stopSignal: 'SIGTERM',
  stopGraceMs: 10_000,
  routes: [],
  container: null,
  origins: {},
}

export const NetworkSpec = Type.Object({
  name: Type.String({ maxLength: 255 }),
  external: Type.Boolean(),
  driver: Type.Optional(Type.String({ maxLength: 255 })),
  internal: Type.Boolean(),
  attachable: Type.Optional(Type.Boolean()),
  enableIpv4: Type.Optional(Type.Boolean()),
  enableIpv6: Type.Optional(Type.Boolean()),
  driverOpts: Type.Optional(textMap),
  labels: Type.Optional(textMap),
  ipam: Type.Optional(
    Type.Object({
      driver: Type.Optional(Type.String({ maxLength: 255 })),
      options: Type.Optional(textMap),
      config: Type.Array(
        Type.Object({
          subnet: Type.Optional(Type.String()),
          gateway: Type.Optional(Type.String()),
          ipRange: Type.Optional(Type.String()),
          auxAddresses: Type.Optional(textMap),
        }),
        { maxItems: 20 },
      ),
    }),
  ),
})
export type NetworkSpec = Static<typeof NetworkSpec>
export const VolumeSpec = Type.Object({
  name: Type.String({ maxLength: 255 }),
  external: Type.Boolean(),
  driver: Type.Optional(Type.String({ maxLength: 255 })),
  driverOpts: Type.Optional(textMap),
  labels: Type.Optional(textMap),
})
export type VolumeSpec = Static<typeof VolumeSpec>

/** A file the stack was read from, and its SHA-256 when it was: a later change is drift. */
export const SourceFile = Type.Object({
  path,
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
})
export type SourceFile = Static<typeof SourceFile>

/**
 * How the files of a stack are read, so that they can be read again as whoever applied them does.
 * `variables` are those of the shell that a file names; another one changes nothing in it.
 */
export const Reading = Type.Object(
  {
    cwd: Type.String({ pattern: '^/', maxLength: 4096 }),
    files: Type.Array(path, { maxItems: 50 }),
    envFiles: Type.Array(path, { maxItems: 50 }),
    profiles: Type.Array(path, { maxItems: 100 }),
    /** Services asked for by name: their profiles are on. */
    named: Type.Array(path, { maxItems: 500 }),
    projectName: Type.Optional(path),
    projectFolder: Type.Optional(path),
    demo: Type.Boolean(),
    variables: Type.Record(Type.String(), Type.String()),
  },
  { $id: 'Reading' },
)
export type Reading = Static<typeof Reading>

export const StackSpec = Type.Object(
  {
    name: stackName,
    description: Type.Optional(Type.String({ maxLength: 1000 })),
    /** Absolute folder of the compose file; relative paths of processes start here. */
    workingDir: Type.String({ pattern: '^/', maxLength: 4096 }),
    files: Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 50 }),
    /** All files that had a part in it: compose, included, extended and env files. */
    sources: Type.Array(SourceFile, { maxItems: 1000 }),
    reading: Type.Optional(Reading),
    demo: Type.Boolean(),
    services: Type.Array(ServiceSpec, { maxItems: 500 }),
    /** A Kong file beside the compose file. */
    gateway: Type.Optional(GatewayFileSpec),
    networks: Type.Record(Type.String(), NetworkSpec),
    volumes: Type.Record(Type.String(), VolumeSpec),
  },
  { $id: 'StackSpec' },
)
export type StackSpec = Static<typeof StackSpec>

/** A stack of which nothing more is said. */
export const plainStack: Omit<StackSpec, 'name' | 'services'> = {
  workingDir: '/',
  files: [],
  sources: [],
  demo: false,
  networks: {},
  volumes: {},
}

export const actionKinds = [
  'create_network',
  'create_volume',
  'build_image',
  'pull_image',
  'create_database',
  'start_instance',
  'replace_instance',
  'stop_instance',
  'update_instance', // takes on a changed definition without a restart
  'remove_network',
  'configure_gateway', // by the Kong file of the stack
] as const
export type ActionKind = (typeof actionKinds)[number]

/**
 * One difference between what was applied and what is to be. `path` is inside the service as in
 * `environment.DB_URL`, `image`, `ports`; `file` names a file outside of compose that has other
 * content: a bind-mounted one, a config, a secret, the build context; `files` names what changed in
 * a folder, at most 20. Values that look like secrets are null. `origin` is where the change was
 * made: the env file with its variable (`note`), when that is why.
 */
export const Change = Type.Object(
  {
    kind: Type.Enum(['added', 'removed', 'changed']),
    path: Type.String(),
    file: Type.Optional(Type.String()),
    files: Type.Optional(Type.Array(Type.String(), { maxItems: 20 })),
    before: Type.Union([Type.String(), Type.Null()]),
    after: Type.Union([Type.String(), Type.Null()]),
    origin: Type.Optional(Origin),
  },
  { $id: 'Change' },
)
export type Change = Static<typeof Change>

/** One step of a plan. It runs once all steps in `after` are done. */
export const PlanAction = Type.Object(
  {
    id: Type.String(),
    kind: Type.Enum([...actionKinds]),
    subject: Type.String({ description: 'What it acts on: an instance, image, network, volume' }),
    service: Type.Optional(Type.String()),
    cause: Type.String({ description: 'Why, as one sentence' }),
    /** What the cause consists of; empty when nothing was applied before. */
    changes: Type.Array(Change),
    origin: Type.Optional(Origin),
    after: Type.Array(Type.String()),
    waitFor: Type.Array(
      Type.Object({ service: Type.String(), condition: Type.Enum([...dependencyConditions]) }),
    ),
    hidden: Type.Optional(
      Type.Literal(true, {
        description: 'Of a service that you may not read: what it does, and neither why nor where',
      }),
    ),
  },
  { $id: 'PlanAction' },
)
export type PlanAction = Static<typeof PlanAction>

export const Plan = Type.Object(
  {
    stack: Type.String(),
    revision: Type.Integer({ description: 'Revision of the stack this plan leads to' }),
    /** Digest over the actions: `apply` with `?plan=` of another digest is refused. */
    digest: Type.String(),
    actions: Type.Array(PlanAction),
    unchanged: Type.Array(Type.String(), { description: 'Instances that stay as they are' }),
  },
  { $id: 'Plan' },
)
export type Plan = Static<typeof Plan>

/** What applying the files as they are now would do. */
export const FilesPlan = Type.Object(
  {
    plan: Plan,
    /** Files that are not what they were when the stack was applied. */
    changed: Type.Array(Type.String()),
    warnings: Type.Array(ProblemDetail),
    readAt: Type.String({ format: 'date-time' }),
  },
  { $id: 'FilesPlan' },
)
export type FilesPlan = Static<typeof FilesPlan>

/** Something that is not as it was applied, or not as the file says by now. */
export const driftKinds = [
  'source_changed', // a file the stack was read from has other content now
  'file_changed', // a mounted file, a config, a secret or a build context has
  'image_changed', // its tag means another image by now
  'instance_missing', // it should run and does not, and nobody is about to start it
  'instance_stopped_outside', // somebody stopped or removed it around Keelson
  'instance_altered', // it runs, but not as it was applied
  'instance_extra', // runs under the name of the stack, and nobody asked for it
  'stopped_by_request', // keelson stop
  'scaled_by_request', // keelson scale
] as const
export const Drift = Type.Object(
  {
    kind: Type.Enum([...driftKinds]),
    service: Type.Union([Type.String(), Type.Null()]),
    instance: Type.Union([Type.String(), Type.Null()]),
    text: Type.String(),
    since: Type.String({ format: 'date-time' }),
    file: Type.Optional(Type.String()),
    origin: Type.Optional(Origin),
    /** The command that mends it. */
    command: Type.String(),
  },
  { $id: 'Drift' },
)
export type Drift = Static<typeof Drift>

export const rolloutPhases = [
  'running',
  'paused', // failed, and the file says to leave it as it is
  'rolling_back',
  'rolled_back',
  'completed',
  'switched', // blue-green: the new ones serve, the old ones are kept for a way back
] as const
/** An update of a service on its way, or the last one. */
export const Rollout = Type.Object(
  {
    service: Type.String(),
    strategy: Type.Enum(['rolling', 'blue-green', 'recreate']),
    phase: Type.Enum([...rolloutPhases]),
    fromRevision: Type.Union([Type.Integer(), Type.Null()]),
    toRevision: Type.Integer(),
    done: Type.Integer(),
    total: Type.Integer(),
    /** What it does or waits for now, or why it ended so. */
    text: Type.String(),
    startedAt: Type.String({ format: 'date-time' }),
    endedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
    canRollBack: Type.Boolean(),
  },
  { $id: 'Rollout' },
)
export type Rollout = Static<typeof Rollout>

/** What somebody may do with a stack as a whole besides reading it. */
export const stackRights = ['stacks:write', 'gaps:write'] as const satisfies Permission[]

export const Stack = Type.Object(
  {
    name: Type.String(),
    description: Type.Optional(Type.String()),
    workingDir: Type.String(),
    files: Type.Array(Type.String()),
    demo: Type.Boolean(),
    /** Keelson's own parts are a stack too; it cannot be changed or removed. */
    builtIn: Type.Boolean(),
    revision: Type.Integer(),
    appliedAt: Type.String({ format: 'date-time' }),
    services: Type.Array(Type.String()),
    hidden: Type.Optional(
      Type.Integer({
        minimum: 1,
        description:
          'So many of its services you may not read: of them their names and states are told',
      }),
    ),
    /** Things that are not as they were applied; the state of the stack lists them. */
    driftCount: Type.Integer(),
    may: Type.Array(Type.Enum([...stackRights]), {
      description: 'What whoever asks may do with this stack',
    }),
  },
  { $id: 'Stack' },
)
export type Stack = Static<typeof Stack>

/** One revision of a stack, as it was applied. */
export const StackRevision = Type.Object(
  {
    revision: Type.Integer(),
    appliedAt: Type.String({ format: 'date-time' }),
    actor: Type.String(),
    /** What it changed, a sentence. */
    text: Type.String(),
    current: Type.Boolean(),
  },
  { $id: 'StackRevision' },
)
export type StackRevision = Static<typeof StackRevision>
