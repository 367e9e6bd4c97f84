/** What a service is made of, each in long form. */

export type Build = {
  /** An absolute path, or a URL as written. */
  context: string
  dockerfile: string
  /** The Dockerfile's text, in place of a file. */
  dockerfileInline?: string
  args: Record<string, string>
  target?: string
  /** By name: an absolute path, a URL, `service:name`, `docker-image://…`. */
  additionalContexts: Record<string, string>
  cacheFrom: string[]
  cacheTo: string[]
  entitlements: string[]
  extraHosts: Record<string, string[]>
  isolation?: string
  labels: Record<string, string>
  network?: string
  noCache: boolean
  noCacheFilter: string[]
  platforms: string[]
  privileged: boolean
  provenance?: string
  pull: boolean
  sbom?: string
  secrets: FileReference[]
  shmSizeBytes?: number
  /** `id` alone is the agent of the shell (`default`). */
  ssh: { id: string; path?: string }[]
  tags: string[]
  ulimits: Record<string, Ulimit>
}

export type EnvFile = { path: string; required: boolean; format?: 'raw' }

export type Port = {
  target: number
  /** Host port, or `first-last` of which one is taken; absent: any free port. */
  published?: string
  hostIp?: string
  protocol: 'tcp' | 'udp' | 'sctp'
  mode: 'ingress' | 'host'
  name?: string
  appProtocol?: string
}

export type Mount = {
  type: 'bind' | 'volume' | 'tmpfs' | 'image' | 'npipe' | 'cluster'
  /** Absolute path of a bind, key of a named volume, absent for tmpfs and anonymous volumes. */
  source?: string
  target: string
  readOnly: boolean
  consistency?: string
  bind?: {
    propagation?: string
    createHostPath: boolean
    selinux?: 'z' | 'Z'
    recursive?: 'enabled' | 'disabled' | 'writable' | 'readonly'
  }
  volume?: { noCopy: boolean; subpath?: string; labels: Record<string, string> }
  tmpfs?: { sizeBytes?: number; mode?: number }
  image?: { subpath?: string }
}

export type NetworkAttachment = {
  aliases: string[]
  ipv4Address?: string
  ipv6Address?: string
  linkLocalIps: string[]
  macAddress?: string
  interfaceName?: string
  driverOpts: Record<string, string>
  priority: number
  gwPriority: number
}

export type Dependency = {
  condition: 'service_started' | 'service_healthy' | 'service_completed_successfully'
  required: boolean
  /** Restart the dependent when the dependency is restarted by an operation. */
  restart: boolean
}

export type Healthcheck = {
  /** `disable: true` or `test: NONE`: also the image's own check is off. */
  disabled: boolean
  /** `['CMD', …]` or `['CMD-SHELL', line]`; empty: the image's own test. */
  test: string[]
  intervalMs?: number
  timeoutMs?: number
  retries?: number
  startPeriodMs?: number
  startIntervalMs?: number
}

export type RestartPolicy = {
  condition: 'no' | 'always' | 'on-failure' | 'unless-stopped'
  /** Of on-failure; absent: without end. */
  attemptsMax?: number
}

export type Limits = {
  cpus?: number
  memoryBytes?: number
  memoryReservationBytes?: number
  /** Memory and swap together; -1: no limit. */
  memorySwapBytes?: number
  memorySwappiness?: number
  pids?: number
}

/** A config or secret of the project, put into the service as a file. */
export type FileReference = {
  /** Key of the project's `configs` or `secrets`. */
  source: string
  /** An absolute path, or (secrets) a name below /run/secrets. */
  target?: string
  uid?: string
  gid?: string
  mode?: number
}

export type Device = { source: string; target: string; permissions: string }

export type Ulimit = { soft: number; hard: number }

export type Logging = { driver?: string; options: Record<string, string> }

/** A command run beside the service: inside of it, or (pre_start) before it in its own container. */
export type Hook = {
  command: string[]
  user?: string
  privileged: boolean
  workingDir?: string
  environment: Record<string, string>
  /** Of pre_start: the image to run in; the service's own by default. */
  image?: string
  /** Of pre_start: once for each replica. */
  perReplica?: boolean
}

export type Watch = {
  /** An absolute path. */
  path: string
  action: 'rebuild' | 'sync' | 'restart' | 'sync+restart' | 'sync+exec'
  target?: string
  ignore: string[]
  include: string[]
  exec?: Hook
  initialSync: boolean
}

/** Somebody else's program that runs the service. */
export type Provider = { type: string; options: Record<string, string[]> }

/** The variables that tell a service its model; by default made of the model's name. */
export type ModelReference = { endpointVar?: string; modelVar?: string }

export type CredentialSpec = { config?: string; file?: string; registry?: string }

export type BlkioConfig = {
  weight?: number
  weightDevice: { path: string; weight: number }[]
  deviceReadBps: BlkioRate[]
  deviceReadIops: BlkioRate[]
  deviceWriteBps: BlkioRate[]
  deviceWriteIops: BlkioRate[]
}

export type BlkioRate = { path: string; rate: number }
