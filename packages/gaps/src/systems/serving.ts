import type { Place } from '../place.ts'
import { isListening } from '../readers/otel.ts'
import { stageOf } from './stage.ts'
import type { ServedPort, ServiceEvidence, System } from './system.ts'

export type Serving = {
  /** undefined: nobody can tell. */
  isServed: boolean | undefined
  /** How sure a "no" is. */
  confidence: 'certain' | 'likely'
  /** What it is known to serve instead, each port once. */
  instead: readonly (Place & { port: number; by: string })[]
}

const nobodyKnows: Serving = { isServed: undefined, confidence: 'likely', instead: [] }

/**
 * Does a service serve a container port? "No" only when something says what it does serve, and the
 * number is nowhere in what it is started with. `likely` rests on EXPOSE or on what is known of an
 * image, `certain` on its code or its own configuration.
 */
export const servesPort = (
  system: System,
  service: ServiceEvidence,
  port: number,
  protocol: 'tcp' | 'udp' = 'tcp',
): Serving => {
  const configured = configuredPorts(system, service)
  const own = service.serves.filter((one) => !isExpose(one) && one.protocol === protocol)
  const all = [
    ...configured,
    ...own.map((one) => ({ ...one, by: byWords[one.by] ?? one.by })),
    ...sharing(system, service),
  ]
  // An address does not say the protocol.
  if ([...all, ...service.serves].some((one) => one.port === port))
    return { ...nobodyKnows, isServed: true }
  if (protocol === 'udp' || isMentioned(service, port)) return nobodyKnows
  // Caddy answers there whatever its file says, unless that switches it off.
  if (port === caddyAdminPort && configured.some(({ file }) => /caddyfile/i.test(file)))
    return nobodyKnows
  if (hasUnknownListener(system, service) || isStartedByBase(service)) return nobodyKnows
  const isAlone = hasOwnContext(system, service)
  const fromCode = own.filter(({ by }) => by === 'environment' || (by === 'source' && isAlone))
  const certain = [...configured, ...fromCode]
  const isCertain = certain.length > 0
  if (!isCertain && (all.length === 0 || isApplication(service) || isConfigurable(service))) {
    return nobodyKnows
  }
  const isPlainImage = service.build === undefined && all.every(({ by }) => by === byWords['image'])
  const seen = new Set<number>()
  const instead = all.flatMap(({ file, line, column, port: other, by }) => {
    if (seen.has(other)) return []
    seen.add(other)
    return [{ file, line, column, port: other, by }]
  })
  return { isServed: false, confidence: isCertain || isPlainImage ? 'certain' : 'likely', instead }
}

const caddyAdminPort = 2019

const byWords: Readonly<Record<string, string>> = {
  ...{ source: 'its code listens on', dockerfile: 'its Dockerfile exposes' },
  ...{ image: 'the image serves', environment: 'it is told to listen on', compose: 'it exposes' },
}

/** `expose` of compose is a wish of the same hand, no witness. */
const isExpose = ({ by }: ServedPort) => by === 'compose'

type Configured = Place & { port: number; by: string }

/** Ports that configuration files of the service open. */
const configuredPorts = (system: System, { name }: ServiceEvidence): readonly Configured[] => [
  ...system.listens
    .filter(({ by, port }) => by === name && port !== undefined)
    .map((one) => ({ ...one, port: one.port ?? 0, by: 'its configuration listens on' })),
  ...system.collectors
    .filter(({ by }) => by === name)
    .flatMap(({ receives }) => receives)
    .flatMap(({ port, file, line, column }) =>
      port === undefined ? [] : [{ file, line, column, port, by: 'a receiver listens on' }],
    ),
]

/** Those that share its network serve as it. */
const sharing = ({ services }: System, service: ServiceEvidence): readonly Configured[] =>
  [...services.values()]
    .filter(({ model }) => model.networkMode === `service:${service.name}`)
    .flatMap(({ serves }) => serves)
    .map((one) => ({ ...one, by: byWords[one.by] ?? one.by }))

const hasUnknownListener = (system: System, service: ServiceEvidence): boolean => {
  const listens = service.sources
    .filter(({ isTest }) => !isTest)
    .flatMap((source) => source.listens)
  return (
    listens.some(
      ({ port, variable }) =>
        (variable === undefined && port === undefined) ||
        (variable !== undefined &&
          service.environment.has(variable) &&
          !/^\d{1,5}$/.test(service.environment.get(variable)?.value?.trim() ?? '')),
    ) ||
    system.listens.some(({ by, port }) => by === service.name && port === undefined) ||
    system.collectors.some(
      ({ by, kind, receives }) =>
        by === service.name &&
        kind === 'otel' &&
        receives.some(({ name, port }) => port === undefined && isListening(name)),
    ) ||
    [...system.services.values()].some(
      ({ model, serves }) => model.networkMode === `service:${service.name}` && serves.length === 0,
    )
  )
}

/** No command of its own: an image that nobody knows starts its own server, and loads the code. */
const isStartedByBase = ({ build, model }: ServiceEvidence): boolean => {
  const stage = build && stageOf(build)
  return (
    stage !== undefined &&
    [stage.command, stage.entrypoint, model.command, model.entrypoint].every(
      (words) => words === undefined,
    ) &&
    stage.base !== undefined &&
    stage.base.known === undefined
  )
}

/** Two services out of one folder: whose code listens is not known. */
export const hasOwnContext = ({ services }: System, { name, build }: ServiceEvidence): boolean =>
  build === undefined ||
  ![...services.values()].some(
    (other) =>
      other.name !== name &&
      other.build?.context !== undefined &&
      other.build.context === build.context,
  )

/** Is the number anywhere in what it is started with? */
const isMentioned = (service: ServiceEvidence, port: number): boolean => {
  const { model, environment, build } = service
  const stage = build && stageOf(build)
  const texts = [
    ...(model.command ?? []),
    ...(model.entrypoint ?? []),
    ...(model.healthcheck?.test ?? []),
    ...(stage?.command?.words ?? []),
    ...(stage?.entrypoint?.words ?? []),
    ...(typeof stage?.healthcheck?.test === 'string' ? [] : (stage?.healthcheck?.test ?? [])),
    ...Object.values(model.labels),
    ...[...environment.values()].map(({ value }) => value ?? ''),
    ...[...(build?.args.values() ?? [])].map((value) => value ?? ''),
  ]
  const number = new RegExp(`(?<!\\d)${port}(?!\\d)`)
  return texts.some((text) => number.test(text)) || [...environment].some(isUnknownPort)
}

const isUnknownPort = ([name, { value }]: readonly [string, { value: string | undefined }]) =>
  value === undefined && /PORT|ADDR|LISTEN|BIND/.test(name)

/** Those that take their port from a flag, and from no file. */
const portIsFlag =
  /(?:^|\/)(?:prometheus|alertmanager|pushgateway|[\w-]+[-_]exporter|cadvisor|redis|valkey|memcached)$/
const portFlag =
  /(?:^|\s)-{1,2}(?:web\.|http)?[\w.-]*(?:listen|port|bind|addr)|(?:^|\s)-p\b|\.conf\b/i

/** Its variables may open more ports than its manual lists first: those of databases do not. */
const isApplication = ({ build, image }: ServiceEvidence): boolean =>
  build === undefined && image?.known?.kind === 'other'

/** Could a file or a command that nobody reads here make it listen elsewhere? */
const isConfigurable = (service: ServiceEvidence): boolean => {
  const { model, image, build, isUnset } = service
  if (build === undefined && portIsFlag.test(image?.name ?? '') && !isUnset('image')) {
    return portFlag.test([...(model.entrypoint ?? []), ...(model.command ?? [])].join(' '))
  }
  const data = image?.known?.data ?? []
  const isData = (target: string) =>
    data.some((path) => target === path || target.startsWith(`${path}/`))
  return (
    model.configs.length > 0 ||
    model.volumes.some(
      ({ type, target }) => type === 'bind' && !isData(target) && target.includes('/'),
    ) ||
    (model.command !== undefined && model.command.length > 0) ||
    (model.entrypoint !== undefined && model.entrypoint.length > 0) ||
    // Code of its own in the image: what it listens on is its own affair.
    (build !== undefined &&
      image?.known?.kind !== undefined &&
      (stageOf(build)?.copies.length ?? 0) > 0 &&
      !(stageOf(build)?.exposes.length ?? 0)) ||
    isUnset('image')
  )
}
