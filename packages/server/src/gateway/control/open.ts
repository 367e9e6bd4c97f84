import type { GatewayCertificateRow } from '@keelson/contract'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import type { Events } from '../../kernel/events.ts'
import type { Http } from '../../kernel/http.ts'
import { newId } from '../../kernel/ids.ts'
import type { Log } from '../../kernel/log.ts'
import { ensureFolder } from '../../kernel/postgres/durable-file.ts'
import type { Registry } from '../../registry/index.ts'
import { openCanaries } from '../canaries/canaries.ts'
import { createDocuments } from '../documents.ts'
import { endpointsByService } from '../endpoints.ts'
import { describePlatformPlugins } from '../plugins/own/index.ts'
import { createQuestions } from '../questions/questions.ts'
import type { GatewayDocument } from '../snapshot.ts'
import { localAuthorityThere } from '../tls/local-authority.ts'
import { emptyBoard } from './acme/board.ts'
import { createApiPaths, type ApiFolders } from './api-paths.ts'
import { certificateRowsOf } from './certificate-rows.ts'
import { createConsumers } from './consumers.ts'
import { openOwnConfig } from './own-config.ts'
import { createReadFile } from './reading.ts'
import { gatewayRoutes } from './routes.ts'
import { createStackFiles, type GatewayCheck, type StackFileSource } from './stack-files.ts'
import { createViews } from './views.ts'

type ControlDeps = {
  db: Db
  events: Events
  audit: Pick<Audit, 'record' | 'write'>
  registry: Registry
  orchestrator: StackFileSource & { useGatewayCheck(check: GatewayCheck): void }
  clock: Clock
  log: Log
  /** Of plugins of one's own; undefined when there is none. */
  pluginFolder: string | undefined
  /** Of the authority of this machine. */
  folder: string
  apiFolders: ApiFolders
}

export type GatewayControl = Awaited<ReturnType<typeof openGatewayControl>>

/** The control side of the gateway's configuration: what is configured, by whom, and what is seen of it. */
export const openGatewayControl = async (deps: ControlDeps) => {
  const { db, events, audit, registry, orchestrator, clock, log } = deps
  const described = await describePlatformPlugins({ folder: deps.pluginFolder, log, clock })
  const { table: plugins, keptTable } = described
  const readFile = createReadFile(plugins)
  const files = createStackFiles({
    ...{ source: orchestrator, readFile, readLenient: createReadFile(keptTable), plugins, log },
  })
  const paths = await openApiPaths(deps.apiFolders)
  const own = await openOwnConfig({
    ...{ db, events, audit, clock, paths, readFile: createReadFile(paths.guard(plugins)) },
    onChange: () => documents.changed(),
  })
  for (const reason of paths.faultsIn(own.current.config)) {
    log.warn({ reason }, 'the gateway uses a path that the API does not take any more')
  }
  const ownDocument = createOwnDocument(own)
  const documents = createDocuments({
    ...{ registry, plugins, keptPlugins: keptTable, log },
    sources: [files, { documents: ownDocument }],
  })
  orchestrator.useGatewayCheck((stack, former) => files.step(stack, former))
  orchestrator.onStacks(() => documents.changed())
  const questions = createQuestions({ db, newId, clock, log })
  const canaries = await openCanaries({
    ...{ db, events, audit, clock, log, documents: documents.all },
    onChange: () => documents.changed(),
  })
  const views = createViews({
    canaries: canaries.all,
    ...{ own, files, questions, plugins, clock, ownKinds: described.kinds },
    documents: documents.all,
    endpoints: () => endpointsByService(registry, () => true),
    isFleet: (id) => registry.findService(id) !== undefined,
  })
  const consumers = createConsumers({
    ...{ own, documents: documents.all, managerOf: views.managerOf, rows: views.consumers, newId },
  })

  const acme = emptyBoard()

  return {
    documents,
    /** Filled in by the keeper of certificates. */
    acme,
    canaries,
    async start(): Promise<void> {
      await questions.start()
      await canaries.start()
    },
    async stop(): Promise<void> {
      await canaries.stop()
      await questions.stop()
    },
    /** Prometheus text of all gateways. */
    metrics: (): Promise<string> => views.metrics(),
    mapRoutes: (http: Http): void => {
      const certificates = async (): Promise<GatewayCertificateRow[]> =>
        certificateRowsOf({
          ...{
            documents: documents.all(),
            managerOf: (one) => views.managerOf(one),
            acme: acme.states(),
          },
          localAuthority: await localAuthorityThere(deps.folder),
        })
      gatewayRoutes({ http, audit, views, own, consumers, certificates, canaries })
    },
  }
}

/** Keelson's own folders are made; those that somebody names are theirs. */
const openApiPaths = async (folders: ApiFolders) => {
  for (const [own] of [folders.logs, folders.files]) {
    if (own !== undefined) await ensureFolder(own, 0o700)
  }
  return createApiPaths(folders)
}

/** The same object as long as the configuration is. */
const createOwnDocument = (own: { readonly current: { config: GatewayDocument['config'] } }) => {
  let document: GatewayDocument | undefined
  return (): GatewayDocument[] => {
    const { config } = own.current
    if (document?.config !== config)
      document = { manager: 'api', stack: null, style: 'kong', config }
    return [document]
  }
}
