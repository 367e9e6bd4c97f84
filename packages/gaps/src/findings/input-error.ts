import { formatDiagnostic } from '@keelson/compose'

/** Something wrong in a file of the audit's own (settings, baseline), and the way out. */
export type InputFault = {
  message: string
  /** Absolute. */
  file: string
  line: number
  column: number
  hint?: string
}

/** The audit's own files cannot be used; every fault is in it. */
export class GapsInputError extends Error {
  readonly faults: readonly InputFault[]

  constructor(faults: readonly InputFault[]) {
    const lines = faults.map((fault) => formatDiagnostic({ severity: 'error', code: '', ...fault }))
    super(lines.join('\n'))
    this.name = 'GapsInputError'
    this.faults = faults
  }
}
