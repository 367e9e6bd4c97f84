import type { Deploy, DeviceRequest } from './deploy-model.ts'
import type { ServiceExtension } from './keelson-model.ts'
import type {
  BlkioConfig,
  Build,
  CredentialSpec,
  Dependency,
  Device,
  EnvFile,
  FileReference,
  Healthcheck,
  Hook,
  Limits,
  Logging,
  ModelReference,
  Mount,
  NetworkAttachment,
  Port,
  Provider,
  RestartPolicy,
  Ulimit,
  Watch,
} from './service-parts-model.ts'

/** Durations are milliseconds, sizes are bytes; absent means "not set". */
export type Service = {
  name: string
  /** `process` only by `x-keelson.runtime`. */
  runtime: 'process' | 'container'
  annotations: Record<string, string>
  /** False: its logs are not followed by default. */
  attach: boolean
  blkioConfig?: BlkioConfig
  build?: Build
  capAdd: string[]
  capDrop: string[]
  cgroup?: string
  cgroupParent?: string
  /** Words, never a shell line. Absent: the image's own. Empty: explicitly none. */
  command?: string[]
  configs: FileReference[]
  containerName?: string
  /** The key `runtime` of the specification: the engine's OCI runtime. */
  containerRuntime?: string
  cpuCount?: number
  cpuPercent?: number
  cpuPeriod?: number
  cpuQuota?: number
  cpuRtPeriod?: number
  cpuRtRuntime?: number
  cpuShares?: number
  cpuset?: string
  credentialSpec?: CredentialSpec
  /** With the implied ones: links, volumes_from, and `service:x` of the namespaces. */
  dependsOn: Record<string, Dependency>
  deploy?: Deploy
  deviceCgroupRules: string[]
  devices: Device[]
  dns: string[]
  dnsOpt: string[]
  dnsSearch: string[]
  domainname?: string
  entrypoint?: string[]
  envFiles: EnvFile[]
  /** env_file and environment together; names without a value anywhere are left out. */
  environment: Record<string, string>
  /** `8080`, `8000-8010`, `53/udp`. */
  expose: string[]
  /** Every `x-*` of the service, as plain data. */
  extensions: Record<string, unknown>
  externalLinks: string[]
  /** Host name to addresses. */
  extraHosts: Record<string, string[]>
  gpus: DeviceRequest[]
  groupAdd: string[]
  healthcheck?: Healthcheck
  hostname?: string
  image?: string
  init?: boolean
  ipc?: string
  isolation?: string
  /** Absolute paths; what they say is in `labels`. */
  labelFiles: string[]
  labels: Record<string, string>
  /** What counts in the end, from `deploy.resources` and from the older keys. */
  limits: Limits
  /** `service` or `service:alias`. */
  links: string[]
  logging?: Logging
  macAddress?: string
  models: Record<string, ModelReference>
  /** `bridge`, `host`, `none`, `service:name`, `container:name`; then `networks` is empty. */
  networkMode?: string
  networks: Record<string, NetworkAttachment>
  oomKillDisable: boolean
  oomScoreAdj?: number
  pid?: string
  platform?: string
  ports: Port[]
  postStart: Hook[]
  preStart: Hook[]
  preStop: Hook[]
  privileged: boolean
  profiles: string[]
  provider?: Provider
  pullPolicy?: 'always' | 'never' | 'missing' | 'build'
  /** Of `refresh`, `daily`, `weekly` and `every_…`: `missing`, and again when older than this. */
  pullRefreshAfterMs?: number
  readOnly: boolean
  replicas: number
  restart: RestartPolicy
  secrets: FileReference[]
  securityOpt: string[]
  shmSizeBytes?: number
  stdinOpen: boolean
  stopGracePeriodMs?: number
  stopSignal?: string
  storageOpt: Record<string, string>
  sysctls: Record<string, string>
  /** `/path` or `/path:options`. */
  tmpfs: string[]
  tty: boolean
  ulimits: Record<string, Ulimit>
  useApiSocket: boolean
  user?: string
  usernsMode?: string
  uts?: string
  volumes: Mount[]
  /** `service`, `service:ro` or `container:name`. */
  volumesFrom: string[]
  watch: Watch[]
  /** Of a process: an absolute path, the project folder by default. Of a container: as written. */
  workingDir?: string
  xKeelson: ServiceExtension
}

export type * from './deploy-model.ts'
export type * from './service-parts-model.ts'
