import type {
  AlertingEvidence,
  CiEvidence,
  CollectorEvidence,
  ConfiguredContact,
  ConfiguredPort,
  DashboardEvidence,
  DocumentEvidence,
  ManifestEvidence,
  RouteEvidence,
  ScrapeEvidence,
  SourceEvidence,
  System,
} from '../systems/system.ts'
import type { TreeNote } from '../tree/tree.ts'

/** What one file says, whoever's it is; `by` is filled in for each stack. */
export type FileFacts = {
  source?: SourceEvidence
  manifest?: ManifestEvidence
  document?: DocumentEvidence
  routes?: readonly RouteEvidence[]
  scrapes?: readonly ScrapeEvidence[]
  alerting?: Partial<AlertingEvidence>
  dashboards?: readonly DashboardEvidence[]
  collectors?: readonly CollectorEvidence[]
  ci?: CiEvidence
  listens?: readonly ConfiguredPort[]
  contacts?: readonly ConfiguredContact[]
  ruleFiles?: System['ruleFiles']
  /** What reads such a file: tells its owner among several services that hold it. */
  program?: RegExp
  /** Of a template: the facts once the owner's environment is known. */
  withEnvironment?: (lookup: (name: string) => string | undefined) => FileFacts
  /** What was not read, and why. */
  notes?: readonly TreeNote[]
}

/**
 * Reads one kind of file. It never throws for what a file holds: a text that cannot be read gives
 * no facts. It runs nothing and opens nothing but the text it is given.
 */
export type Reader = {
  name: string
  /** By the path alone. */
  wants: (path: string) => boolean
  read: (file: string, text: string) => FileFacts | undefined | Promise<FileFacts | undefined>
}
