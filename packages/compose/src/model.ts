import type { Diagnostic, Origin } from './diagnostics.ts'
import type { MapNode } from './node.ts'
import type { Service } from './service-model.ts'

/** Where every value came from, by path; read it with `originsOf`. */
export type OriginTable = ReadonlyMap<string, readonly Origin[]>

/** One stack, fully read: long forms, absolute paths, resolved environment. */
export type Project = {
  name: string
  /** The folder of the first file; relative paths of the files are relative to it. */
  workingDir: string
  /** The compose files that were merged, absolute and in merge order. */
  files: string[]
  /** Every file read, absolute: compose files, includes, extended files, env files, `.env`. */
  sources: string[]
  /** What the files were filled in with: the shell's variables over those of `.env`. */
  environment: Record<string, string>
  services: Record<string, Service>
  networks: Record<string, Network>
  volumes: Record<string, Volume>
  configs: Record<string, Config>
  secrets: Record<string, Secret>
  models: Record<string, Model>
  /** The top-level `x-keelson`. */
  xKeelson: ProjectExtension
  /** Every top-level `x-*`, as plain data. */
  extensions: Record<string, unknown>
  warnings: Diagnostic[]
  /** Services whose profiles are all off. They are checked for shape, and not in `services`. */
  disabledServices: string[]
  origins: OriginTable
  /** The canonical tree everything above was read from; `canonicalModel` prints it. */
  tree: MapNode
}

export type ProjectExtension = {
  description?: string
  demo: boolean
  /** Path of a Kong file, as it is written. */
  kong?: string
}

export type Network = {
  /** The engine's name: `project_key` unless given or external. */
  name: string
  external: boolean
  internal: boolean
  attachable: boolean
  driver?: string
  driverOpts: Record<string, string>
  labels: Record<string, string>
  enableIpv4?: boolean
  enableIpv6?: boolean
  ipam: Ipam
  extensions: Record<string, unknown>
}

export type Ipam = { driver?: string; config: IpamPool[]; options: Record<string, string> }

export type IpamPool = {
  subnet?: string
  ipRange?: string
  gateway?: string
  auxAddresses: Record<string, string>
}

export type Volume = {
  name: string
  external: boolean
  driver?: string
  driverOpts: Record<string, string>
  labels: Record<string, string>
  extensions: Record<string, unknown>
}

/** Exactly one of `file`, `environment`, `content` and `external` says where it is from. */
export type Config = {
  name: string
  external: boolean
  /** An absolute path. */
  file?: string
  /** The variable that holds the content; its value is in `content` when it is set. */
  environment?: string
  content?: string
  templateDriver?: string
  labels: Record<string, string>
  extensions: Record<string, unknown>
}

/** As a config; `driver` leaves the keeping to an engine's plugin. */
export type Secret = Config & { driver?: string; driverOpts: Record<string, string> }

/** A language model that services may use. */
export type Model = {
  name?: string
  model: string
  contextSize?: number
  runtimeFlags: string[]
  extensions: Record<string, unknown>
}

export type * from './service-model.ts'
export type * from './keelson-model.ts'
