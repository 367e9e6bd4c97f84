/** Where something is in the parsed file: keys and indexes from the root. */
export type ConfigPath = readonly (string | number)[]

/** A mistake in a configuration file, or something in it that this gateway cannot do. */
export type Fault = {
  file: string
  /** From 1. */
  line: number
  column: number
  /** `route 'orders' (services[3].routes[0])`; empty for the file itself. */
  entity: string
  message: string
  /** What to do about it; null when the message says it. */
  hint: string | null
  /** The feature that is refused by name (`consumer groups`); null for a mistake. */
  feature: string | null
}

/** Something the reader did that is worth knowing; the configuration is usable. */
export type Note = { file: string; entity: string; message: string }

/** More say nothing that these have not said. */
export const faultsMax = 100

/** A fault before it has a place. */
export type Finding = {
  path: ConfigPath
  entity: string
  message: string
  hint?: string
  feature?: string
  /** Look at the key instead of its value. */
  atKey?: boolean
}

/** Takes what is found while a file is read, and stops counting where nobody reads on. */
export type Findings = { add(finding: Finding): void; readonly list: readonly Finding[] }

export const createFindings = (): Findings => {
  const list: Finding[] = []
  return {
    list,
    add(finding) {
      if (list.length < faultsMax) list.push(finding)
    },
  }
}

/** `services[3].routes[0]` */
export const formatPath = (path: ConfigPath): string =>
  path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`,
    )
    .join('')

/** Takes a problem of one entity, at a path inside of it. */
export type AddProblem = (path: ConfigPath, message: string, hint?: string) => void
