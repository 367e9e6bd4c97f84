import type { Readable, Writable } from 'node:stream'
import type {
  BoundPort,
  HookSpec,
  ProbeSpec,
  RuntimeKind,
  ServiceSpec,
  StackSpec,
} from '@keelson/contract'
import type { Log } from '../kernel/log.ts'

/**
 * What the orchestrator asks of anything that runs instances. Two implementations share one
 * behaviour: plain processes (runtime-process) and a Docker Engine (runtime-container).
 *
 * Invariants of both:
 * - One incarnation starts at most once, whatever dies in between: `start` first records what it
 *   is about to do, then does it, and a start that is asked for again finds the first one.
 * - An instance outlives Keelson. After a crash `observe` finds it again, with the exit code if it
 *   ended meanwhile.
 * - `stop` ends the whole tree of an instance, also what has forked away from it.
 */
export type Runtime = {
  readonly kind: RuntimeKind
  /**
   * Everything of ours that this runtime holds, running or ended and not yet removed. `projects`
   * asks for what Docker Compose has started for these as well (`foreign`): only what is named is
   * returned, so that nobody takes the containers of a project that is not applied here for orphans.
   * A foreign one can be stopped, removed and asked like any other, and its end is told; `start`
   * with its incarnation takes it over: its log is followed, and the engine restarts it no more.
   */
  observe(projects?: readonly string[]): Promise<ObservedInstance[]>
  /** Resolves once the instance is running; an exit straight after is reported by `watch`. */
  start(instance: InstanceSpec): Promise<ObservedInstance>
  /** Signal, grace, then kill of the whole tree. Resolves when nothing is left. Idempotent. */
  stop(ref: InstanceRef, how: StopOptions): Promise<void>
  /** Forgets an ended instance and its traces, logs excepted. */
  remove(ref: InstanceRef): Promise<void>
  /** Removes the logs of an instance name, all incarnations. */
  removeLogs(ref: Pick<InstanceRef, 'stack' | 'name'>): Promise<void>
  /** Runs a command inside the instance: a probe of kind `exec`. Output past the limit is cut. */
  exec(ref: InstanceRef, command: readonly string[], limits: ExecLimits): Promise<ExecResult>
  /** Runs a command inside the instance with its streams left to the caller. */
  attach(ref: InstanceRef, command: AttachedCommand): Promise<AttachedRun>
  /**
   * Runs a hook of the service to its end: inside the instance, or (`preStart`, before it is there)
   * as the instance would run, in the hook's image if it names one. Its output goes to the log of
   * the instance. Resolves with the exit code. Of one that is not waited for any longer (`until`)
   * nothing is left: a `preStart` is ended by it, the others end with their instance.
   */
  runHook(
    instance: InstanceSpec,
    hook: HookSpec,
    when: HookMoment,
    until?: AbortSignal,
  ): Promise<number | null>
  /** Copies files and folders of this host into the instance, and removes paths there. */
  copyInto(ref: InstanceRef, changes: FileChanges): Promise<void>
  /** What running instances take now; of an instance that is gone there is no entry. */
  usage(refs: readonly InstanceRef[]): Promise<Map<string, RawUsage>>
  /** Tells a running instance other addresses of names (see `hosts`), where it can be told. */
  updateHosts(ref: InstanceRef, hosts: Readonly<Record<string, string>>): Promise<void>
  /**
   * Calls back on every end of an instance, also one that somebody else caused; and when a running
   * one changes around Keelson: paused, let go on, started again after its end, at other addresses.
   */
  watch(listener: (instance: ObservedInstance) => void): void
  /** What has to be there before instances can start: networks, volumes, images. */
  readonly resources: RuntimeResources | null
  close(): Promise<void>
}

/** One incarnation of an instance: the same instance started again has a new incarnation. */
export type InstanceRef = {
  stack: string
  service: string
  /** `<stack>-<service>-<index>` */
  name: string
  index: number
  /** UUIDv7 of this start. */
  incarnation: string
}

export type InstanceSpec = InstanceRef & {
  spec: ServiceSpec
  stackDir: string
  /** Digest of all that makes this instance what it is; another digest means replace. */
  digest: string
  /** The whole environment of the instance, injected variables included. */
  environment: Readonly<Record<string, string>>
  /** Ports on this host, decided before the start; empty for a container without any. */
  ports: readonly BoundPort[]
  /** Names in the engine by key in the stack; without an entry `<stack>_<key>`. */
  networkNames?: Readonly<Record<string, string>>
  volumeNames?: Readonly<Record<string, string>>
  /** Addresses of services of the other runtime by name: how a hybrid stack finds each other. */
  hosts?: Readonly<Record<string, string>>
  /** `keelson run`: not an instance of the service; `observe` tells it, nobody keeps it up. */
  oneOff?: boolean
}

export type ObservedInstance = InstanceRef & {
  runtime: RuntimeKind
  digest: string
  running: boolean
  pid: number | null
  containerId: string | null
  /** Where probes and the gateway reach it; for containers this can be the container's address. */
  ports: readonly BoundPort[]
  /** Of a container that this host reaches directly: where, whatever ports it exposes. */
  address?: string
  startedAt: Date
  exit: { code: number | null; signal: string | null; at: Date; outOfMemory: boolean } | null
  oneOff?: boolean
  /** Somebody ended it around Keelson: `docker stop`, `docker kill`, `docker rm`. */
  endedOutside?: 'stopped' | 'killed' | 'removed'
  /**
   * Started by Docker Compose for the same project: it has no digest of ours (''), and its
   * incarnation is the id of its container. `resources.differences` compares it with what is wanted
   * before it is adopted without a restart.
   */
  foreign?: boolean
  /** It runs and is held still by somebody: `docker pause`. */
  paused?: boolean
  /** What its container is called, and the folder its project was started in. */
  container?: { name: string; folder: string | null }
}

export type AttachedCommand = {
  command: readonly string[]
  tty: { columns: number; rows: number } | null
  environment?: Readonly<Record<string, string>>
  user?: string
  workingDir?: string
  privileged?: boolean
}
/** With a terminal all output is on `stdout`. */
export type AttachedRun = {
  stdin: Writable
  stdout: Readable
  stderr: Readable | null
  exitCode: Promise<number | null>
  resize(size: { columns: number; rows: number }): Promise<void>
  /** Ends the command and all it started. Idempotent. */
  kill(): Promise<void>
}

export type HookMoment = 'preStart' | 'postStart' | 'preStop'

export type FileChanges = {
  copies: readonly { source: string; target: string }[]
  removals: readonly string[]
}

/** `cpuMs` grows over the life of the instance; the caller makes a rate of two looks. */
export type RawUsage = {
  cpuMs: number
  memoryBytes: number
  memoryLimitBytes: number | null
  processes: number | null
}

export type StopOptions = { signal: string; graceMs: number }
export type ExecLimits = { timeoutMs: number; outputLimitBytes: number }
/** `timedOut`: the command was killed with all it started, and `exitCode` is null. */
export type ExecResult = { exitCode: number | null; output: string; timedOut: boolean }

/** The state of a resource against the stack, and the verbs that make it so. All idempotent. */
export type RuntimeResources = {
  /** Throws AppError('engine_unavailable') when there is none. */
  check(): Promise<{ version: string; apiVersion: string }>
  missing(stack: StackSpec): Promise<MissingResource[]>
  create(
    stack: StackSpec,
    resource: MissingResource,
    progress: (progress: ResourceProgress) => void,
    /** Nobody needs it any more: a pull or a build under way is given up. */
    signal?: AbortSignal,
  ): Promise<void>
  /**
   * Id that the image of a service has now; null when it is not there. An image that is built and
   * has no name is called `<stack>-<service>`.
   */
  imageId(service: ServiceSpec, stack: string): Promise<string | null>
  /**
   * The HEALTHCHECK of the image of a service, to be run like a probe of the service; null when
   * there is none, the service has its own probe, or `imageHealthcheck` is off.
   */
  imageProbe?(service: ServiceSpec, stack: string): Promise<ProbeSpec | null>
  /** Folders that the image of a service declares as volumes. */
  imageVolumes?(service: ServiceSpec, stack: string): Promise<string[]>
  /**
   * What differs between a running container and what the service asks for, as paths inside the
   * service; empty when it can be adopted as it is. For containers without a digest of ours.
   */
  differences(ref: InstanceRef, wanted: InstanceSpec): Promise<string[]>
  /** Every container there is on the engine, with whose it is; also of strangers. */
  holders?(): Promise<ContainerHolder[]>
  /**
   * Removes the networks of a stack; volumes are kept unless asked for. What somebody else still
   * uses is left, and told.
   */
  removeAll(stack: string, options: RemoveOptions): Promise<RemovedResources>
}

/**
 * `made`: names in the engine of what the file of the stack has. What Docker Compose has made of
 * these for the project of the same name goes as well.
 */
export type RemoveOptions = { volumes: boolean; made?: MadeByCompose }
export type MadeByCompose = { networks: readonly string[]; volumes: readonly string[] }
/** As `network shop_default`, `volume shop_data`. */
export type RemovedResources = { removed: string[]; left: string[] }

/** Who has the name of a container. */
export type ContainerHolder = {
  name: string
  running: boolean
  /** `keelson`: of another one on the same engine. */
  whose: 'ours' | 'keelson' | 'compose' | 'nobody'
  /** Name of the stack or project, and of the service. */
  stack: string | null
  service: string | null
  /** The project folder. */
  folder: string | null
  image: string
}

/** `share` is 0 to 1, null where it cannot be known. */
export type ResourceProgress = { text: string; share: number | null }

export type MissingResource = {
  kind: 'create_network' | 'create_volume' | 'pull_image' | 'build_image'
  /** Why, when it is another reason than that it is not there: `pull_policy: always`. */
  reason?: string
  /** Key of the network or volume in the stack, or the image reference. */
  subject: string
  service?: string
}

/** What runtimes need of the kernel's log. */
export type RuntimeLog = Pick<Log, 'info' | 'warn'>
