import type {
  GatewayCacheRow,
  GatewayConsumerRow,
  GatewayDocumentSummary,
  GatewayExplainAsk,
  GatewayExplanation,
  GatewayManager,
  GatewayPluginKind,
  GatewayRouteRow,
  GatewayUpstreamRow,
  GatewayWarmed,
} from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { writeGatewayConfig } from '../config/write.ts'
import type { NodeStates, PurgeWhat } from '../node-states.ts'
import type { Endpoints } from '../proxy/document-plan.ts'
import type { PluginTable } from '../plugins/index.ts'
import type { Asked, Questions } from '../questions/questions.ts'
import type { GatewayCanary, GatewayDocument } from '../snapshot.ts'
import { cacheRowsOf } from './cache-rows.ts'
import { consumerRowsOf } from './consumer-rows.ts'
import { countsOf } from './describe.ts'
import { explainAnswer } from './explain.ts'
import { createFigures } from './figures.ts'
import { withAddresses } from './kong-addresses.ts'
import { managerOf } from './managers.ts'
import { pluginKindsOf } from './plugin-kinds.ts'
import { mergeForExport } from './export.ts'
import type { OwnConfig } from './own-config.ts'
import { withCanary } from './canary-rows.ts'
import { routeFactsOf, type RouteFacts } from './route-rows.ts'
import type { StackFiles } from './stack-files.ts'
import { upstreamRowsOf } from './upstream-rows.ts'

type ViewsDeps = {
  documents: () => readonly GatewayDocument[]
  own: OwnConfig
  files: StackFiles
  questions: Questions
  plugins: PluginTable
  /** Those of the table that are one's own, as they were loaded. */
  ownKinds: readonly GatewayPluginKind[]
  isFleet: (id: string) => boolean
  /** What is kept of canaries. */
  canaries: () => readonly GatewayCanary[]
  /** Where the services of stacks are now. */
  endpoints: () => Endpoints
  clock: Clock
}

/** Looks closer than this to the last one get its answer. */
const freshMs = 900
const warmLimitMs = 60_000
/** Of ten thousand routes it is about 15 MB; whoever scrapes waits 10 s mostly. */
const metricsLimitMs = 8_000

export type GatewayViews = ReturnType<typeof createViews>

/** What people see of the gateway: what is configured joined with what the gateways tell. */
export const createViews = (deps: ViewsDeps) => {
  const { documents, own, files, questions, plugins, ownKinds, clock } = deps
  const figures = createFigures({ clock })
  let states: { atMs: number; answer: Promise<Asked<NodeStates>[]> } | undefined
  let prepared: { documents: readonly GatewayDocument[]; routes: RouteFacts[] } | undefined

  const fileOf = (stack: string): string | null =>
    files.files().find((one) => one.stack === stack)?.file.file ?? null
  const describeManager = (document: GatewayDocument): GatewayManager => managerOf(document, fileOf)
  const rowsDeps = { plugins, managerOf: describeManager, isFleet: deps.isFleet }

  /** Without an answer of any gateway the configuration is shown without figures. */
  const look = (): Promise<Asked<NodeStates>[]> => {
    const nowMs = clock.monotonicMs()
    if (states !== undefined && nowMs - states.atMs < freshMs) return states.answer
    const answer = questions.ask<NodeStates>({ kind: 'states' }).then((asked) => {
      figures.take(asked)
      return asked
    }, unlessUnavailable)
    states = { atMs: nowMs, answer }
    return answer
  }

  const routeFacts = (): RouteFacts[] => {
    const now = documents()
    const isSame =
      prepared !== undefined &&
      prepared.documents.length === now.length &&
      now.every((document, at) => document === prepared?.documents[at])
    if (!isSame) prepared = { documents: now, routes: routeFactsOf(now, rowsDeps) }
    return prepared?.routes ?? []
  }

  return {
    managerOf: describeManager,

    async routes(query: { stack?: string; contains?: string }): Promise<GatewayRouteRow[]> {
      await look()
      const wanted = query.contains?.toLowerCase()
      return routeFacts()
        .filter(
          (row) =>
            (query.stack === undefined || row.manager.stack === query.stack) &&
            (wanted === undefined || wordsOf(row).some((word) => word.includes(wanted))),
        )
        .map(({ key, version, canaryKey, ...row }) => {
          const counted = figures.of(key)
          return {
            ...row,
            service: withCanary(row.service, canaryKey, deps.canaries()),
            figures: counted,
            version: version === null ? null : { ...version, requests: counted.requests },
          }
        })
    },

    async upstreams(stack: string | undefined): Promise<GatewayUpstreamRow[]> {
      return upstreamRowsOf(await look(), documents(), describeManager).filter(
        ({ manager }) => stack === undefined || manager?.stack === stack,
      )
    },

    consumers: (): GatewayConsumerRow[] => consumerRowsOf(documents(), rowsDeps),

    async caches(): Promise<GatewayCacheRow[]> {
      return cacheRowsOf(await look(), documents())
    },

    async purge(what: PurgeWhat): Promise<{ removed: number }> {
      const answers = await questions.ask<{ removed: number }>({ kind: 'purge', what })
      return { removed: answers.reduce((sum, { value }) => sum + value.removed, 0) }
    },

    async warm(host: string, paths: readonly string[]): Promise<GatewayWarmed> {
      const ask = { kind: 'warm', host, paths } as const
      const [first] = await questions.ask<GatewayWarmed>(ask, warmLimitMs)
      if (first === undefined) throw new AppError('gateway_unavailable')
      return first.value
    },

    /** Prometheus text of all gateways; empty when none answers. */
    async metrics(): Promise<string> {
      const answers = await questions
        .ask<string>({ kind: 'metrics' }, metricsLimitMs)
        .catch(unlessUnavailable)
      return answers.map(({ value }) => value).join('')
    },

    async explain(ask: GatewayExplainAsk): Promise<GatewayExplanation> {
      const [first] = await questions.ask<Parameters<typeof explainAnswer>[0]>({
        kind: 'explain',
        ask,
      })
      if (first === undefined) throw new AppError('gateway_unavailable')
      return explainAnswer(first.value, routeFacts(), documents(), plugins)
    },

    plugins: async (): Promise<GatewayPluginKind[]> => pluginKindsOf(ownKinds, await look()),

    documents(): GatewayDocumentSummary[] {
      const applied = new Map(files.files().map((one) => [one.stack, one]))
      return documents().map((document) => {
        const manager = describeManager(document)
        const counts = countsOf(document.config)
        if (manager.kind === 'api') {
          const { revision, appliedAt, appliedBy } = own.current
          return {
            manager,
            counts,
            revision,
            appliedBy,
            appliedAt: appliedAt?.toISOString() ?? null,
          }
        }
        const file = manager.kind === 'file' ? applied.get(manager.stack ?? '') : undefined
        return {
          ...{ manager, counts, revision: file?.revision ?? 0, appliedBy: null },
          appliedAt: file?.appliedAt.toISOString() ?? null,
        }
      })
    },

    export(options: { stack?: string; forKong?: boolean; secrets: boolean }) {
      const { stack } = options
      const chosen = documents().filter((one) => stack === undefined || one.stack === stack)
      const forKong = options.forKong === true
      const moved = chosen.map((document) =>
        forKong ? withAddresses(document, deps.endpoints()) : { document, leftOut: [] },
      )
      const merged = mergeForExport(moved.map(({ document }) => document))
      const written = writeGatewayConfig(merged.config, {
        ...{ forKong, plugins, secrets: options.secrets ? 'keep' : 'mask' },
      })
      const leftOut = [
        ...moved.flatMap((one) => one.leftOut),
        ...merged.leftOut,
        ...written.leftOut,
      ]
      return { text: written.text, leftOut }
    },
  }
}

/** Without a gateway there is nothing to see, and no error. */
const unlessUnavailable = (error: unknown): [] => {
  if (error instanceof AppError && error.code === 'gateway_unavailable') return []
  throw error
}

const wordsOf = ({ name, hosts, paths, service }: RouteFacts): string[] =>
  [name ?? '', ...hosts, ...paths, service?.name ?? '', service?.fleet ?? ''].map((word) =>
    word.toLowerCase(),
  )
