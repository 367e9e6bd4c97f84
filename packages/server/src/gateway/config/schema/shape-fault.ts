import type { ConfigPath } from '../faults.ts'

/** Something a schema does not allow, at a path inside of the value. */
export type ShapeFault = {
  path: ConfigPath
  message: string
  hint?: string
  atKey?: boolean
  /** Of something that is refused by name. */
  feature?: string
}
