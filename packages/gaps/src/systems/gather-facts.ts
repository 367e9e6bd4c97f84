import type { FileFacts } from '../readers/reader.ts'
import { readComposeRoutes } from './compose-routes.ts'
import { isWithin, type Owner } from './owners.ts'
import type { AlertingEvidence, ServiceEvidence, System } from './system.ts'

type Gathered = Pick<
  System,
  | 'documents'
  | 'sources'
  | 'routes'
  | 'scrapes'
  | 'alerting'
  | 'dashboards'
  | 'collectors'
  | 'ci'
  | 'manifests'
  | 'listens'
  | 'contacts'
  | 'ruleFiles'
>

type Parts = {
  folder: string
  otherFolders: readonly string[]
  facts: ReadonlyMap<string, FileFacts>
  owners: (file: string) => readonly Owner[]
  services: ReadonlyMap<string, ServiceEvidence>
}

/**
 * The facts of the files that are the stack's: what its services mount or build in, and what lies
 * in its folder and in no other stack's. Templates are read with their owner's environment.
 */
export const gatherFacts = ({ folder, otherFolders, facts, owners, services }: Parts): Gathered => {
  const alerting: Mutable<AlertingEvidence> = {
    ...{ rules: [], faults: [], managers: [], receivers: [], routed: [] },
  }
  const gathered: Mutable<Gathered> = {
    ...{ documents: [], sources: [], routes: [], scrapes: [], alerting },
    ...{
      dashboards: [],
      collectors: [],
      ci: [],
      manifests: [],
      listens: [],
      contacts: [],
      ruleFiles: [],
    },
  }
  for (const [file, written] of facts) {
    const holders = owners(file)
    const isOwn =
      holders.length > 0 ||
      (isWithin(file, folder) && !otherFolders.some((at) => isWithin(file, at)))
    if (!isOwn) continue
    const by = findOwner(file, written, holders, services)
    const environment = by === undefined ? undefined : services.get(by)?.environment
    const found =
      environment === undefined || written.withEnvironment === undefined
        ? written
        : written.withEnvironment((name) => environment.get(name)?.value)
    const owned = <T extends { by?: string | undefined }>(
      list: readonly T[] | undefined,
    ): (T & { by: string | undefined })[] =>
      (list ?? []).map((one) => ({ ...one, by: one.by ?? by }))
    gathered.routes.push(...owned(found.routes))
    gathered.scrapes.push(...owned(found.scrapes))
    gathered.dashboards.push(...owned(found.dashboards))
    gathered.collectors.push(...owned(found.collectors))
    gathered.listens.push(...owned(found.listens))
    gathered.contacts.push(...owned(found.contacts))
    gathered.ruleFiles.push(...owned(found.ruleFiles))
    alerting.rules.push(...owned(found.alerting?.rules))
    alerting.receivers.push(...owned(found.alerting?.receivers))
    alerting.faults.push(...owned(found.alerting?.faults))
    alerting.managers.push(...owned(found.alerting?.managers))
    alerting.routed.push(...owned(found.alerting?.routed))
    if (found.source !== undefined) gathered.sources.push(found.source)
    if (found.ci !== undefined) gathered.ci.push(found.ci)
    if (found.manifest !== undefined) gathered.manifests.push(found.manifest)
    if (found.document !== undefined) gathered.documents.push(found.document)
  }
  gathered.routes.push(...readComposeRoutes(services))
  return gathered
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] }

/**
 * Who reads the file. A service that holds the whole folder it lies in (`./:/app`) is believed only
 * when it runs such a program; one whose build context has the file also when a `COPY .` brings it.
 */
const findOwner = (
  file: string,
  { program }: FileFacts,
  holders: readonly Owner[],
  services: ReadonlyMap<string, ServiceEvidence>,
): string | undefined => {
  if (program === undefined) return holders[0]?.service
  const runs = (name: string) =>
    program.test(name) || program.test(services.get(name)?.image?.name ?? '')
  const own = holders.find(({ service }) => runs(service))
  if (own !== undefined) return own.service
  const named = holders.find(({ target, how }) => how === 'build' || program.test(target ?? ''))
  if (named !== undefined) return named.service
  const building = [...services.values()].filter(
    ({ name, build }) =>
      build?.context !== undefined &&
      build.context !== '' &&
      isWithin(file, build.context) &&
      runs(name),
  )
  return building.length === 1 ? building[0]?.name : undefined
}
