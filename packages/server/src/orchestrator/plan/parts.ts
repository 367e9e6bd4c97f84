import type { ContainerSpec, FileSpec, MountSpec, PortSpec, ServiceSpec } from '@keelson/contract'
import { digestOf } from '../../kernel/digest.ts'
import { looksSecret, withoutCredentials } from './environment.ts'
import { fixedPorts } from '../ports.ts'
import { readableWith, type Readable } from './readable.ts'

/**
 * One of the things that make an instance what it is, under its name in the file. Two definitions
 * are told apart by their parts, so a plan can say what has changed, and not only that it has.
 */
export type Part = {
  /** Inside the service, as the file writes it: `environment.DB_URL`, `volumes./etc/app.conf`. */
  path: string
  about:
    | 'definition' // what the file says
    | 'content' // of a file outside of compose: a mount, a config, a secret, a build context
    | 'image' // what the name of the image means on this machine
    | 'given' // decided by Keelson: injected variables, ports
  hash: string
  /** For people, and cut; null when it is a secret, or nothing to read. */
  text: string | null
  /** Taken on by a running instance: a change needs no restart. */
  live: boolean
  /** The file outside of compose. */
  file?: string
  /** Of a folder: the hash of each of its files, to count what changed. */
  entries?: Readonly<Record<string, string>>
}

/** What cannot be read from the file alone. */
export type GivenFacts = {
  injected: Readonly<Record<string, string>>
  /** Of files outside of compose, and what the image is called by its content. */
  content: readonly Part[]
}

export const partKey = ({ path, about }: Pick<Part, 'path' | 'about'>): string => `${about} ${path}`

/** Digest of all that makes an instance what it is. Another one means another instance. */
export const digestOfParts = (parts: readonly Part[]): string =>
  digestOf(
    Object.fromEntries(parts.filter(({ live }) => !live).map((part) => [partKey(part), part.hash])),
  )

/** All parts of a service; what says the same in other words has the same parts. */
export const partsOf = (spec: ServiceSpec, given: GivenFacts): Part[] => {
  const collect = collector(readableWith(secretsOf(spec, given.injected)))
  addProgram(spec, collect)
  addLife(spec, collect)
  if (spec.container !== null) addContainer(spec.container, collect)
  for (const [name, value] of Object.entries(withoutCredentials(given.injected))) {
    // The file wins over what is injected.
    if (spec.environment[name] === undefined)
      collect.add(`environment.${name}`, value, { about: 'given' })
  }
  const fixed = fixedPorts(spec).map(({ port }) => port)
  collect.add('ports', fixed, { about: 'given' })
  return [...collect.all(), ...given.content].sort((a, b) => (partKey(a) < partKey(b) ? -1 : 1))
}

const secretsOf = (spec: ServiceSpec, injected: Readonly<Record<string, string>>): string[] => [
  ...Object.entries({ ...injected, ...spec.environment, ...spec.container?.build?.args })
    .filter(([name, value]) => looksSecret(name, value))
    .map(([, value]) => value),
  ...spec.files.flatMap(({ kind, content }) =>
    kind === 'secret' && content !== undefined ? [content.trim()] : [],
  ),
]

type PartOptions = { about?: Part['about']; live?: boolean; text?: string }
type Collector = ReturnType<typeof collector>

const collector = (readable: Readable) => {
  const parts = new Map<string, Part>()

  /** What is not said, and what says "nothing", is no part. Two of one name are one. */
  const add = (path: string, value: unknown, options: PartOptions = {}): void => {
    if (isNothing(value)) return
    const { about = 'definition', live = false } = options
    const name = path.slice(path.lastIndexOf('.') + 1)
    const text = readable(name, value) === null ? null : readable(name, options.text ?? value)
    const part = { path, about, hash: digestOf(value), text, live }
    const other = parts.get(partKey(part))
    const hash = other === undefined ? part.hash : digestOf([other.hash, part.hash])
    parts.set(partKey(part), { ...part, hash })
  }
  const addEach = (path: string, values: Readonly<Record<string, unknown>> | undefined): void => {
    for (const [name, value] of Object.entries(values ?? {}))
      if (value !== undefined) add(`${path}.${name}`, wrapped(value))
  }
  return { all: (): Part[] => [...parts.values()], add, addEach }
}

/** An empty value of a key is said all the same: `DEBUG: ""`, a network without options. */
const wrapped = (value: unknown): unknown => (isNothing(value) ? '' : value)

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0)

const sorted = <T>(list: readonly T[] | undefined, by: (item: T) => string = String): T[] =>
  [...(list ?? [])].sort((a, b) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0))

/** What is run, and with what. */
const addProgram = (spec: ServiceSpec, { add, addEach }: Collector): void => {
  add('x-keelson.runtime', spec.runtime)
  // An empty list is something else than none: it takes away what the image has.
  for (const key of ['entrypoint', 'command'] as const) {
    const words = spec[key]
    add(key, words?.length === 0 ? '[]' : words)
  }
  add('working_dir', spec.workingDir)
  add('user', spec.user)
  addEach('environment', spec.environment)
  for (const [name, value] of Object.entries(spec.labels)) {
    const ours = spec.runtime === 'process' || /^(io\.)?keelson\./.test(name)
    add(`labels.${name}`, wrapped(value), { live: ours })
  }
  // The first port of a process is the one in $PORT; a container has all of its ports alike.
  const ports = spec.runtime === 'process' ? spec.ports : sorted(spec.ports, portText)
  add('ports', ports, { text: ports.map(portText).join(', ') })
  add('expose', spec.runtime === 'process' ? spec.expose : sorted(spec.expose))
  add('port', spec.port)
  add('cpus', spec.cpusMax)
  add('mem_limit', spec.memoryLimitBytes)
  add('pids_limit', spec.pidsMax)
  addEach('ulimits', spec.ulimits)
  add('group_add', sorted(spec.groups))
  for (const file of spec.files) add(filePath(file), file, { text: fileText(file) })
  add('pre_start', spec.hooks.preStart)
  add('post_start', spec.hooks.postStart)
}

/** How it is kept, asked, reached and described: a running instance takes it on. */
const addLife = (spec: ServiceSpec, { add }: Collector): void => {
  const live = true
  for (const dependency of spec.dependsOn) {
    const { service, condition, required, restart } = dependency
    const text = [condition, ...(required ? [] : ['optional']), ...(restart ? ['restart'] : [])]
    add(`depends_on.${service}`, dependency, { live, text: text.join(', ') })
  }
  add('healthcheck', spec.probe, { live })
  add('restart', spec.restart, { live })
  add('deploy.update_config', spec.update, { live })
  add('deploy.rollback_config', spec.rollback, { live })
  add('pre_stop', spec.hooks.preStop, { live })
  add('develop.watch', spec.watch, { live })
  add('stop_signal', spec.stopSignal, { live })
  if (spec.hookTimeoutMs !== undefined)
    add('x-keelson.hook_timeout', spec.hookTimeoutMs, { live, text: `${spec.hookTimeoutMs} ms` })
  add('stop_grace_period', spec.stopGraceMs, { live, text: `${spec.stopGraceMs} ms` })
  add('protocol', spec.protocol, { live })
  add('routes', spec.routes, { live })
  add('database', spec.database, { live })
  add('description', spec.description, { live })
  add('owner', spec.owner, { live })
  add('category', spec.category, { live })
}

/** Fields whose place in the file has another name than the field in snake case. */
const writtenNames: Readonly<Record<string, string>> = {
  deviceRequests: 'gpus',
  dnsOptions: 'dns_opt',
  extraHosts: 'extra_hosts',
  ociRuntime: 'runtime',
  oomScoreAdjust: 'oom_score_adj',
  securityOptions: 'security_opt',
  shmSizeBytes: 'shm_size',
  storageOptions: 'storage_opt',
  memoryReservationBytes: 'mem_reservation',
  memoryAndSwapBytes: 'memswap_limit',
  memorySwappiness: 'mem_swappiness',
  blockIo: 'blkio_config',
  cpuRealtimePeriod: 'cpu_rt_period',
  cpuRealtimeRuntime: 'cpu_rt_runtime',
  stdinOpen: 'stdin_open',
}

const unordered: ReadonlySet<string> = new Set(['capAdd', 'capDrop', 'securityOptions'])

const addContainer = (container: ContainerSpec, { add, addEach }: Collector): void => {
  // How an image is come by says nothing about an instance: its content does.
  const {
    mounts,
    networks,
    build,
    pullPolicy: _policy,
    pullIntervalMs: _every,
    ...rest
  } = container
  for (const { createHostPath, ...mount } of mounts) {
    add(mountPath(mount), mount, { text: mountText(mount) })
    // Asked when a container is made: one that runs has its source.
    const missing = createHostPath === false ? 'never made' : null
    add(`${mountPath(mount)}.create_host_path`, missing, { live: true })
  }
  for (const [name, attachment] of Object.entries(networks)) {
    const { aliases, ...more } = attachment
    add(`networks.${name}`, { aliases: sorted(aliases), ...more })
  }
  for (const [field, value] of Object.entries(rest)) {
    const path = writtenNames[field] ?? field.replaceAll(/[A-Z]/g, (at) => `_${at.toLowerCase()}`)
    const plain = unordered.has(field) && Array.isArray(value) ? sorted<unknown>(value) : value
    add(path, plain, { live: field === 'imageHealthcheck' })
  }
  if (build === undefined) return
  // Caches and speed change nothing about the image that comes out.
  const { args, cacheFrom: _from, cacheTo: _to, noCache: _no, pull: _pull, ...how } = build
  add('build', how, { text: build.context })
  addEach('build.args', args)
}

export const mountPath = ({ target }: MountSpec): string => `volumes.${target}`
export const filePath = ({ kind, source }: FileSpec): string => `${kind}s.${source}`

const mountText = ({ kind, source, target, readOnly }: MountSpec): string =>
  `${kind === 'bind' || kind === 'volume' ? '' : `${kind} `}${source === undefined ? '' : `${source}:`}${target}${readOnly ? ':ro' : ''}`

const fileText = ({ target, path, mode }: FileSpec): string =>
  `${path === undefined ? '' : `${path}:`}${target}${mode === undefined ? '' : ` (${mode.toString(8)})`}`

const portText = ({ hostIp, published, target, protocol }: PortSpec): string =>
  `${hostIp === undefined ? '' : `${hostIp}:`}${published === undefined ? '' : `${published}:`}${target}/${protocol}`
