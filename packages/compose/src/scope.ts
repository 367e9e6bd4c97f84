import type { Confinement } from './confine.ts'
import type { Origin, Report } from './diagnostics.ts'
import type { Environment } from './environment.ts'
import type { Limits } from './limits.ts'
import type { MapNode } from './node.ts'
import type { ReadText } from './read-text.ts'

/** What one load shares: bounds, findings, and what was read. */
export type Loading = {
  limits: Limits
  report: Report
  readText: ReadText
  confinement: Confinement
  /** Files read, with every use; bounded by `fileCountMax`. */
  fileCount: number
  /** Documents of a file, by path: a file extended by many services is read once. */
  documents: Map<string, MapNode[]>
  /** Files with the paths as written, resolved for one base: see `extends.ts`. */
  extendedFiles: Map<string, Promise<MapNode>>
  extendedNodeCount: number
  /** Ports that short forms stood for; bounded by `portCountMax`. */
  portCount: number
  /** Texts of configs that come from a variable of an included project's own environment. */
  contents: Map<string, string>
}

/** One project, or an included one: its files are merged and settled together. */
export type Scope = {
  files: readonly string[]
  /** What relative references between files are relative to. */
  dir: string
  /**
   * What is put before relative paths of values: `dir` for the project, the way from the including
   * project's folder for an included one. Undefined: paths stay as they are written.
   */
  base: string | undefined
  environment: Environment
  /** The files that led here by `include`. */
  included: readonly string[]
  /** Who includes it. */
  askedAt?: Origin
}
