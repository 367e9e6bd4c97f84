import { posix } from 'node:path'
import { factAt } from '../../place.ts'
import { createOwners } from '../../systems/owners.ts'
import type { CollectorEvidence, ServiceEvidence, System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'

type Named = NonNullable<CollectorEvidence['named']>[number]

/** Components of a collector and its pipelines do not fit. */
export const collectorPipelines: Rule = {
  id: 'observability/collector-pipelines',
  title: 'Collector component outside of any pipeline',
  severity: 'warning',
  why: `A receiver or exporter that no pipeline names does nothing. Configuration files that are layered
with \`--config\` replace lists and do not append to them, so a layer drops what an earlier one had set
up, silently (open-telemetry/opentelemetry-collector#8754).`,
  joins: ['receivers and exporters of the collector', 'service.pipelines of every layer'],
  fix: 'Name the component in a pipeline, or delete it.',
  *find(system) {
    for (const service of system.services.values()) {
      const layers = layersOf(system, service)
      if (layers === undefined) continue
      yield* notDefined(service, layers)
      yield* dropped(service, layers)
      yield* notUsed(service, layers)
    }
  },
  examples: [
    {
      title: 'an exporter that is not defined, and one that is not used',
      files: {
        'compose.yaml': `services:
  collector:
    image: otel/opentelemetry-collector-contrib:0.130.0
    command: ["--config=/etc/otel.yaml"]
    volumes: ["./otel.yaml:/etc/otel.yaml"]
`,
        'otel.yaml': `receivers: { otlp: { protocols: { grpc: {} } } }
exporters:
  otlp/tempo: { endpoint: "tempo:4317" }
service:
  pipelines:
    traces: { receivers: [otlp], exporters: [otlp/jaeger] }
`,
      },
      finds: [
        { service: 'collector', says: 'names otlp/jaeger, which is not defined' },
        { service: 'collector', says: 'otlp/tempo is in no pipeline' },
      ],
    },
    {
      title: 'a layer drops a receiver',
      files: {
        'compose.yaml': `services:
  collector:
    image: otel/opentelemetry-collector-contrib:0.130.0
    command: ["--config=/etc/base.yaml", "--config=/etc/more.yaml"]
    volumes: ["./base.yaml:/etc/base.yaml", "./more.yaml:/etc/more.yaml"]
`,
        'base.yaml': `receivers:
  otlp: { protocols: { grpc: {} } }
  redis: { endpoint: "cache:6379" }
exporters: { debug: {} }
service:
  pipelines:
    metrics: { receivers: [otlp, redis], exporters: [debug] }
`,
        'more.yaml': `receivers: { postgresql: { endpoint: "db:5432" } }
service:
  pipelines:
    metrics: { receivers: [otlp, postgresql] }
`,
      },
      finds: [{ service: 'collector', says: 'redis out of the pipeline metrics' }],
    },
    {
      title: 'connectors are both, and everything is used',
      files: {
        'compose.yaml': `services:
  collector:
    image: otel/opentelemetry-collector-contrib:0.130.0
    command: ["--config=/etc/otel.yaml"]
    volumes: ["./otel.yaml:/etc/otel.yaml"]
`,
        'otel.yaml': `receivers: { otlp: { protocols: { grpc: {} } } }
connectors: { spanmetrics: {} }
exporters: { debug: {} }
service:
  pipelines:
    traces: { receivers: [otlp], exporters: [spanmetrics] }
    metrics: { receivers: [spanmetrics], exporters: [debug] }
`,
      },
      finds: [],
    },
  ],
}

const placeOf = ({ file, line, column }: { file: string; line: number; column: number }) => ({
  ...{ file, line, column },
})

/** The files a collector reads, in their order; undefined when one of them is not known. */
const layersOf = (
  system: System,
  service: ServiceEvidence,
): readonly CollectorEvidence[] | undefined => {
  const own = system.collectors.filter(({ by, kind }) => by === service.name && kind === 'otel')
  if (own.length === 0) return undefined
  const words = [...(service.model.entrypoint ?? []), ...(service.model.command ?? [])]
  const asked = words.flatMap((word, index) => {
    const inline = /^--?config(?:=(.*))?$/.exec(word)
    return inline === null ? [] : [inline[1] ?? words[index + 1] ?? '']
  })
  const owners = createOwners(system.tree.root, system.project, system.services)
  const targetOf = ({ file }: CollectorEvidence) =>
    owners(file).find((owner) => owner.service === service.name)?.target
  if (asked.length === 0) return own.length === 1 ? own : undefined
  const layers = asked.map((path) => {
    const file = path.replace(/^file:/, '')
    return { file, layer: own.find((one) => targetOf(one) === file) }
  })
  // A layer of which nothing was read is empty, when it is a mounted file of the repository.
  const isKnown = layers.every(
    ({ file, layer }) => layer !== undefined || isEmptyFile(system, service, file),
  )
  return isKnown ? layers.flatMap(({ layer }) => layer ?? []) : undefined
}

const isEmptyFile = ({ tree }: System, { model }: ServiceEvidence, target: string): boolean =>
  model.volumes.some(
    (mount) =>
      mount.type === 'bind' &&
      mount.target === target &&
      mount.source !== undefined &&
      (tree.sizeOf(posix.relative(tree.root, mount.source)) ?? Number.POSITIVE_INFINITY) < 4000,
  )

/** What a pipeline has in the end: the last layer that says anything about it. */
const finalNames = (
  layers: readonly CollectorEvidence[],
  kind: Named['kind'],
): readonly Named[] => {
  const last = new Map<string, readonly Named[]>()
  for (const { named = [] } of layers) {
    const own = named.filter((one) => one.kind === kind)
    for (const [pipeline, names] of Map.groupBy(own, (one) => one.pipeline))
      last.set(pipeline, names)
  }
  return [...last.values()].flat()
}

const definedNames = (layers: readonly CollectorEvidence[], kind: Named['kind']) =>
  new Set(
    layers.flatMap(({ receives, exports, connectors = [] }) =>
      [...(kind === 'receivers' ? receives : exports), ...connectors].map(({ name }) => name),
    ),
  )

function* notDefined(
  service: ServiceEvidence,
  layers: readonly CollectorEvidence[],
): Generator<Found> {
  for (const kind of ['receivers', 'exporters'] as const) {
    const defined = definedNames(layers, kind)
    for (const named of finalNames(layers, kind)) {
      if (defined.has(named.name)) continue
      yield {
        service: service.name,
        severity: 'error',
        message: `The pipeline ${named.pipeline} names ${named.name}, which is not defined: ${service.name} does not start`,
        evidence: [
          factAt(placeOf(named), `${kind}: ${named.name}`),
          factAt(service.at, `defined ${kind}: ${[...defined].join(', ')}`),
        ],
        fix: `Define ${named.name} under ${kind}, or take it out of the pipeline`,
        subject: `${kind} ${named.name}`,
      }
    }
  }
}

/** A receiver that an earlier layer had in a pipeline, and that no pipeline has in the end. */
function* dropped(
  service: ServiceEvidence,
  layers: readonly CollectorEvidence[],
): Generator<Found> {
  const final = finalNames(layers, 'receivers')
  const inUse = new Set(final.map(({ name }) => name))
  for (const { named = [] } of layers) {
    for (const one of named.filter(({ kind }) => kind === 'receivers')) {
      if (inUse.has(one.name)) continue
      const over = final.find(({ pipeline }) => pipeline === one.pipeline)
      if (over === undefined) continue
      inUse.add(one.name)
      yield {
        service: service.name,
        message: `${posix.basename(over.file)} takes ${one.name} out of the pipeline ${one.pipeline}: lists of layers replace each other`,
        evidence: [
          factAt(placeOf(over), `receivers of ${one.pipeline} without ${one.name}`),
          factAt(placeOf(one), `${one.name} is in ${one.pipeline} here`),
        ],
        fix: `Repeat ${one.name} in the receivers of ${one.pipeline} in ${posix.basename(over.file)}`,
        subject: `dropped ${one.name}`,
      }
    }
  }
}

function* notUsed(
  service: ServiceEvidence,
  layers: readonly CollectorEvidence[],
): Generator<Found> {
  const inUse = new Set(layers.flatMap(({ named = [] }) => named.map(({ name }) => name)))
  for (const { exports } of layers) {
    for (const exporter of exports) {
      if (inUse.has(exporter.name)) continue
      yield {
        service: service.name,
        severity: 'info',
        message: `The exporter ${exporter.name} is in no pipeline of ${service.name}: nothing goes there`,
        evidence: [
          factAt(placeOf(exporter), `exporter ${exporter.name}`),
          factAt(service.at, service.name),
        ],
        fix: `Name ${exporter.name} in a pipeline, or delete it`,
        subject: `unused ${exporter.name}`,
      }
    }
  }
}
