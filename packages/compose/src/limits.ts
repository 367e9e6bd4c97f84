/** Bounds of one load. At a bound the load is refused with a positioned error. */
export type Limits = {
  /** Size of one compose or env file. */
  fileSizeLimitBytes: number
  /** Compose files read, those of `include` and `extends` with every use. */
  fileCountMax: number
  /** Nodes of one file after every alias is expanded; compose-go uses the same number. */
  nodeCountMax: number
  /** Nodes copied by all `extends` together. */
  extendedNodeCountMax: number
  /** Services of the model, those that are included too. */
  serviceCountMax: number
  /** Ports that all short forms together stand for: `8000-8999:8000-8999` are 1,000. */
  portCountMax: number
  /** Nesting of mappings and lists, and of `extends` and `include`. */
  depthMax: number
  /** Length of one value after interpolation. */
  valueLengthMax: number
  /** Findings kept; further ones are dropped. */
  diagnosticCountMax: number
}

export const defaultLimits: Limits = {
  fileSizeLimitBytes: 2 * 1024 * 1024,
  fileCountMax: 500,
  nodeCountMax: 100_000,
  extendedNodeCountMax: 500_000,
  serviceCountMax: 10_000,
  // A relay's whole range (49152-65535) is 16,384; each takes 5 kB in the model.
  portCountMax: 20_000,
  depthMax: 100,
  valueLengthMax: 1024 * 1024,
  diagnosticCountMax: 500,
}
