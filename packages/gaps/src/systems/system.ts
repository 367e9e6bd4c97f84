import type { Project, Service } from '@keelson/compose'
import type { Confidence, Place } from '../place.ts'
import type { Tree } from '../tree/tree.ts'

/**
 * One way to read a stack: its compose files, everything they stand for, and every other file of
 * the repository that speaks about it. Rules read this and nothing else.
 *
 * `undefined` for a value means that it is not known (templated, computed, in a file that is not
 * here). Unknown is not a finding.
 */
export type System = {
  /** Folder of its first compose file; '' is the root. */
  folder: string
  /** The name of the stack. */
  name: string
  /** The compose files that are merged, in order. */
  files: readonly string[]
  /** True for what `docker compose up` in the folder would read; documents speak of this one. */
  isDefault: boolean
  /** The compose model with every profile on. */
  project: Project
  services: ReadonlyMap<string, ServiceEvidence>
  /** The place of a key of the model, or of its nearest written parent: `place('networks', 'back')`. */
  place: (...keys: readonly string[]) => Place
  /** Is this key of the model written by somebody (and not a default or implied)? */
  isWritten: (...keys: readonly string[]) => boolean
  /** Variables of the compose files, where each is used and what it got. */
  variables: readonly ComposeVariable[]
  envFiles: readonly EnvFileEvidence[]
  documents: readonly DocumentEvidence[]
  /** Sources of the stack that belong to no build context; those that do are with their service. */
  sources: readonly SourceEvidence[]
  routes: readonly RouteEvidence[]
  scrapes: readonly ScrapeEvidence[]
  alerting: AlertingEvidence
  dashboards: readonly DashboardEvidence[]
  collectors: readonly CollectorEvidence[]
  ci: readonly CiEvidence[]
  /** Manifests of the stack's folder, whosever's they are; those of a build context are also with it. */
  manifests: readonly ManifestEvidence[]
  /** Ports that configuration files of servers open (nginx `listen`, a Caddy site). */
  listens: readonly ConfiguredPort[]
  /** Addresses that configuration files name (a data source of Grafana, a remote write). */
  contacts: readonly ConfiguredContact[]
  /** What a Prometheus is told to read rules from. */
  ruleFiles: readonly (Place & { pattern: string; by: string | undefined })[]
  tree: Tree
  /** Does a .gitignore from the root to the stack's folder keep the file out of the repository? */
  isIgnored: (file: string) => boolean
  /** Folders of other stacks inside this one's folder; their files are theirs. */
  otherFolders: readonly string[]
  /** All stacks of the repository (their default reading), for what is looked at across stacks. */
  neighbours: () => readonly System[]
  /** All readings of the same folder, this one included: what one lacks, another may bring. */
  readings: () => readonly System[]
  /** What was seen of it running; absent when nobody looked. */
  running?: RunningEvidence
}

export type ServiceEvidence = {
  name: string
  model: Service
  /** Its key in the compose file. */
  at: Place
  /** False when all its profiles are off by default. */
  isEnabled: boolean
  /** As System.place, below the service: `place('healthcheck', 'test')`. */
  place: (...keys: readonly string[]) => Place
  isWritten: (...keys: readonly string[]) => boolean
  /** Does the value under these keys hold a variable that nobody gave a value? Then it is unknown. */
  isUnset: (...keys: readonly string[]) => boolean
  image: ImageEvidence | undefined
  build: BuildEvidence | undefined
  /** What the service gets, from compose, env files and the Dockerfile's ENV. */
  environment: ReadonlyMap<string, VariableEvidence>
  /** Ports that something in it is known to serve, with who says so; empty when nobody does. */
  serves: readonly ServedPort[]
  /** Source files in its build context (or its working directory, of a process). */
  sources: readonly SourceEvidence[]
  manifests: readonly ManifestEvidence[]
}

export type ImageEvidence = {
  /** As written after interpolation. */
  reference: string
  /** Without registry, tag and digest: `postgres`, `grafana/grafana`; official ones without `library/`. */
  name: string
  registry: string
  tag: string | undefined
  digest: string | undefined
  at: Place
  /** What is generally known of this image; of a build: of its last stage's base. */
  known: KnownImage | undefined
}

/** What is known of a public image, from its own Dockerfile or manual (`source`). */
export type KnownImage = {
  names: readonly string[]
  kind:
    | 'database'
    | 'cache'
    | 'broker'
    | 'search'
    | 'object store'
    | 'gateway'
    | 'metrics'
    | 'dashboard'
    | 'logs'
    | 'traces'
    | 'alerting'
    | 'exporter'
    | 'admin'
    | 'runtime'
    | 'other'
  /** Container ports by what they are for. */
  ports: readonly { port: number; protocol: 'tcp' | 'udp'; for: string; scheme?: string }[]
  /** Has the image a HEALTHCHECK of its own? undefined: not known. */
  hasHealthcheck: boolean | undefined
  /** A compose `healthcheck.test` that works in it. */
  healthcheck?: readonly string[]
  /** Programs that a probe may want and that are there, or are known not to be. */
  has: readonly string[]
  lacks: readonly string[]
  /** Paths that hold state. */
  data: readonly string[]
  /** Exporter to put beside it, and the job's usual port. */
  exporter?: { image: string; port: number }
  /** Path at which it serves metrics by itself. */
  metrics?: { port: number; path: string }
  /** Variables that must be given, and defaults that are known to everybody. */
  required?: readonly (readonly string[])[]
  defaultPasswords?: readonly { variable: string; value: string }[]
  /** Does the image run as root unless told otherwise? */
  runsAsRoot?: boolean
  source: string
}

export type BuildEvidence = {
  at: Place
  /** Repository path; undefined for a remote context, or one outside of the repository. */
  context: string | undefined
  /** Repository path where the Dockerfile is looked for; undefined for inline and remote ones. */
  dockerfilePath: string | undefined
  dockerfile: DockerfileEvidence | undefined
  target: string | undefined
  args: ReadonlyMap<string, string | undefined>
  /** Does `.dockerignore` keep a file (path in the context) out of the build? */
  ignores: (path: string) => boolean
}

export type DockerfileEvidence = {
  file: string
  isEmpty: boolean
  stages: readonly StageEvidence[]
  /** Lines that cannot be read, as the builder would refuse them. */
  faults: readonly (Place & { message: string })[]
}

/** A stage with what it inherits from the stages of the same file it is FROM. */
export type StageEvidence = {
  name: string | undefined
  at: Place
  /** The image of its FROM (or of the stage it builds on); undefined: `scratch` or not known. */
  base: ImageEvidence | undefined
  isScratch: boolean
  healthcheck: (Place & { test: readonly string[] | 'none' }) | undefined
  exposes: readonly (Place & { port: number | undefined; protocol: 'tcp' | 'udp' })[]
  user: (Place & { user: string | undefined }) | undefined
  environment: ReadonlyMap<string, Place & { value: string | undefined }>
  copies: readonly CopyEvidence[]
  /** Programs that RUN lines install by name (`apt-get install -y curl`). */
  installs: ReadonlySet<string>
  command: (Place & { words: readonly string[]; isShell: boolean }) | undefined
  entrypoint: (Place & { words: readonly string[]; isShell: boolean }) | undefined
  volumes: readonly (Place & { path: string })[]
  /** The folder that is current at its end; undefined: the base image's, or not known. */
  workdir: string | undefined
  /** Commands of its RUN lines, variables as written, the folder they run in, with files of `--mount`. */
  runs: readonly (Place & { text: string; workdir: string | undefined; hasMount?: boolean })[]
}

export type CopyEvidence = Place & {
  /** As written; undefined when a variable is in it that is not known. */
  sources: readonly (string | undefined)[]
  destination: string | undefined
  /** From another stage or image; then its sources are not in the context. */
  from: string | undefined
  /** ADD: sources may be URLs. */
  isAdd: boolean
  /** With `--parents` or `--exclude`, which change what the sources mean. */
  hasOptions: boolean
}

export type VariableEvidence = Place & {
  name: string
  /** undefined: comes from a place that is not here. */
  value: string | undefined
  from: 'compose' | 'env file' | 'dockerfile'
}

export type ComposeVariable = {
  name: string
  at: Place
  /** What stands after `:-`; undefined: no default. */
  default: string | undefined
  isRequired: boolean
  /** A script beside the compose files that names it, and so may give it: `set-env.sh`, a Makefile. */
  namedBy?: Place
  /** Where its value is from; undefined: nobody gives it one. */
  given: (Place & { value: string }) | undefined
}

export type EnvFileEvidence = {
  file: string
  /** `.env.example` and the like: says what is needed, gives nothing. */
  isExample: boolean
  /** Kept out of the repository by a .gitignore: of this machine only. */
  isIgnored: boolean
  /** Services that name it as env_file; the stack's own `.env` has none. */
  services: readonly string[]
  entries: readonly (Place & {
    name: string
    value: string | undefined
    /** In a comment of an example, to be switched on: it says a name and defines nothing. */
    isOffered?: true
  })[]
}

export type ServedPort = Place & {
  port: number
  protocol: 'tcp' | 'udp'
  /** `source`: code listens; `dockerfile`: EXPOSE; `image`: known of it; `environment`: PORT=…. */
  by: 'source' | 'dockerfile' | 'image' | 'environment' | 'compose'
  confidence: Confidence
}

export type Language = 'javascript' | 'typescript' | 'python' | 'java' | 'go' | 'csharp'

export type SourceEvidence = {
  file: string
  language: Language
  /** It reads variables by names that are not written in it, or passes all of them on. */
  readsOthers?: boolean
  /** Is it a test, an example, a build script? Then what it reads is no need of the service. */
  isTest: boolean
  reads: readonly (Place & {
    name: string
    /** The value it falls back on; undefined: none is seen. */
    default: string | undefined
    /** True when it refuses to go on without. */
    isRequired: boolean
    /** True when it asks whether it is there, and goes on without. */
    isOptional?: boolean
  })[]
  listens: readonly (Place & {
    port: number | undefined
    /** The variable the port is from. */
    variable: string | undefined
  })[]
  /** HTTP paths it serves, as written (`/users/:id`). */
  serves: readonly (Place & { path: string; method: string | undefined })[]
  contacts: readonly ContactEvidence[]
  metrics: readonly (Place & { name: string })[]
}

export type ContactEvidence = Place & {
  scheme: string | undefined
  host: string
  port: number | undefined
  path: string | undefined
  /** The variable it is the default of. */
  variable: string | undefined
}

export type ConfiguredPort = Place & {
  port: number | undefined
  protocol: 'tcp' | 'udp'
  by: string | undefined
}

/** `what`: in words, `data source Prometheus`. */
export type ConfiguredContact = ContactEvidence & { what: string; by: string | undefined }

export type ManifestEvidence = {
  file: string
  kind: 'npm' | 'make' | 'python' | 'maven' | 'gradle' | 'go' | 'dotnet' | 'ruby' | 'php' | 'rust'
  name: string | undefined
  dependencies: ReadonlyMap<string, Place & { version: string | undefined }>
  scripts: ReadonlyMap<string, Place & { command: string }>
}

export type RouteEvidence = Place & {
  kind: 'kong' | 'nginx' | 'traefik' | 'keelson' | 'caddy'
  name: string
  /** Empty: any. */
  hosts: readonly string[]
  paths: readonly string[]
  methods: readonly string[]
  priority: number | undefined
  upstreams: readonly (Place & {
    scheme: string | undefined
    host: string | undefined
    port: number | undefined
    path: string | undefined
  })[]
  /** The service of the stack that routes; undefined: not known. */
  by: string | undefined
  /** Ports that it is offered on; absent: not known, or all of the gateway's. */
  ports?: readonly number[]
  /** False: it has conditions that are not in hosts, paths and methods. Absent: not known. */
  isPlain?: boolean
  /** It leads nowhere on purpose: the answer is that there is nothing. */
  refuses?: boolean
}

export type ScrapeEvidence = Place & {
  kind: 'prometheus' | 'otel' | 'promtail' | 'keelson'
  job: string
  path: string | undefined
  scheme: string | undefined
  targets: readonly (Place & { host: string | undefined; port: number | undefined })[]
  /** Targets come from elsewhere (DNS, Docker, files): what is scraped is not known. */
  isDiscovered: boolean
  /** The service that scrapes; undefined: the file is mounted nowhere. */
  by: string | undefined
}

export type AlertingEvidence = {
  rules: readonly (Place & {
    name: string
    kind: 'alert' | 'record'
    /** Names of metrics in its expression. */
    metrics: readonly string[]
    labels: ReadonlyMap<string, string>
    by: string | undefined
  })[]
  /** Expressions that cannot be parsed. */
  faults: readonly (Place & { message: string; by?: string | undefined })[]
  /** Alertmanagers that Prometheus sends to. */
  managers: readonly (Place & {
    host: string | undefined
    port: number | undefined
    by?: string | undefined
  })[]
  receivers: readonly (Place & {
    name: string
    /** `slack`, `email`, `webhook` …; empty: it tells nobody. */
    integrations: readonly (Place & { kind: string; url: string | undefined })[]
    /** Named by a route. */
    isUsed: boolean
    by: string | undefined
  })[]
  /** Receivers that a route names, also ones that are not defined. */
  routed: readonly (Place & { receiver: string; by?: string | undefined })[]
}

export type DashboardEvidence = Place & {
  title: string
  metrics: readonly (Place & { name: string })[]
  by: string | undefined
}

/** An OpenTelemetry collector, a log shipper: what comes in, and where it goes. */
export type CollectorEvidence = Place & {
  kind: 'otel' | 'promtail' | 'fluentd'
  receives: readonly (Place & { name: string; port: number | undefined })[]
  exports: readonly (Place & {
    name: string
    host: string | undefined
    port: number | undefined
    isUsed: boolean
  })[]
  /** OpenTelemetry: connectors, which export and receive. */
  connectors?: readonly (Place & { name: string })[]
  /** OpenTelemetry: what pipelines name, defined or not. */
  named?: readonly (Place & {
    kind: 'receivers' | 'processors' | 'exporters'
    name: string
    pipeline: string
  })[]
  by: string | undefined
}

export type CiEvidence = { file: string; commands: readonly (Place & { command: string })[] }

export type DocumentEvidence = {
  file: string
  isReadme: boolean
  claims: readonly Claim[]
}

/** Something a document says that can be held against what is. */
export type Claim = Place & {
  /** Headings it stands under, outermost first, ` > ` between. */
  section?: string
} & (
    | {
        kind: 'count'
        text: string
        count: number
        /** `services`, `containers`, `databases` … in the plural. */
        noun: string
        /** `25+`, `more than 25`. */
        isAtLeast?: boolean
        /** Only a total is judged. */
        scope: 'total' | 'subset' | 'example' | 'product name'
        /** What the sentence says has them: `shop`; it may be the name of the stack. */
        subject?: string
      }
    /** A row or item of a list of services. */
    | { kind: 'service'; text: string; name: string; isCode?: boolean; list: Place }
    | { kind: 'port'; text: string; port: number; service: string | undefined }
    | { kind: 'url'; text: string; host: string; port: number | undefined; path: string }
    | { kind: 'command'; text: string; words: readonly string[]; folder: string | undefined }
    | {
        kind: 'path'
        text: string
        path: string
        from?: 'link' | 'code' | 'drawing'
        /** The folder that a drawing begins with: one of ours, or the name of the whole. */
        root?: string
      }
    | { kind: 'variable'; text: string; name: string }
  )

/** What was seen running, at `at` (ISO time); made by whoever can look. */
export type RunningEvidence = {
  at: string
  instances: readonly {
    service: string
    name: string
    isRunning: boolean
    isHealthy: boolean | undefined
    /** Of what does not run: true when it ended with 0 and is to stay so, false when it failed. */
    isDone?: boolean | undefined
    reason: string
    /** Ports it listens on inside, as far as that can be seen. */
    listens: readonly number[] | undefined
  }[]
  /** Containers and processes of the stack that no compose file declares. */
  strangers: readonly { name: string; image: string | undefined }[]
  /** Listeners of this host, and who has them. */
  listeners: readonly { port: number; protocol: 'tcp' | 'udp'; owner: string | undefined }[]
  /** Requests of the last minutes by service, where somebody counts them. */
  requests: readonly { service: string; count: number; failed: number }[]
  scrapes: readonly { job: string; host: string; port: number; isUp: boolean; reason: string }[]
  /** Services whose files changed since they were applied, and which file. */
  notApplied: readonly { service: string; file: string | undefined; what: string }[]
}
