/**
 * One place a value came from. `line` and `column` are 1-based; both are 0 when there is no file to
 * point into (the shell's environment). `note` says what the place is when it is not plainly where
 * the value is written: `anchor x-defaults`, `merged by <<`, `shell variable PORT`.
 */
export type Origin = { file: string; line: number; column: number; note?: string }

/** One finding about the files. `hint` is the way out, on one line. */
export type Diagnostic = {
  severity: 'error' | 'warning'
  code: string
  message: string
  file: string
  line: number
  column: number
  hint?: string
}

/**
 * The files cannot be loaded. `diagnostics` holds every error of the stage that failed, in reading
 * order; the message lists them as `file:line:column: text`.
 */
export class ComposeError extends Error {
  readonly diagnostics: Diagnostic[]

  constructor(diagnostics: Diagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join('\n'))
    this.name = 'ComposeError'
    this.diagnostics = diagnostics
  }
}

/** `file:line:column: message (hint)`, the form that editors and terminals make clickable. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, message, hint } = diagnostic
  const place = line > 0 ? `${file}:${line}:${column}` : file
  return hint === undefined ? `${place}: ${message}` : `${place}: ${message} (${hint})`
}

/** Collects what the stages find; a stage ends with `throwIfErrors`. */
export type Report = {
  error: (code: string, at: Origin, message: string, hint?: string) => void
  warn: (code: string, at: Origin, message: string, hint?: string) => void
  warnings: () => Diagnostic[]
  throwIfErrors: () => void
}

/**
 * The same text of an anchor is read once per use: a finding is kept once per place and code.
 * At `diagnosticCountMax` further findings are dropped, so that a hostile file cannot fill memory.
 */
export function createReport(diagnosticCountMax: number): Report {
  const found = new Map<string, Diagnostic>()
  const add = (severity: Diagnostic['severity'], code: string, at: Origin, rest: string[]) => {
    const [message = '', hint] = rest
    const subject = severity === 'warning' ? message : ''
    const key = `${severity} ${code} ${at.file}:${at.line}:${at.column} ${subject}`
    if (found.has(key) || found.size >= diagnosticCountMax) return
    const place = { file: at.file, line: at.line, column: at.column }
    const diagnostic: Diagnostic = { severity, code, message, ...place }
    found.set(key, hint === undefined ? diagnostic : { ...diagnostic, hint })
  }
  const all = (severity: Diagnostic['severity']) =>
    [...found.values()].filter((diagnostic) => diagnostic.severity === severity)
  return {
    error: (code, at, message, hint) =>
      add('error', code, at, hint === undefined ? [message] : [message, hint]),
    warn: (code, at, message, hint) =>
      add('warning', code, at, hint === undefined ? [message] : [message, hint]),
    warnings: () => all('warning'),
    throwIfErrors: () => {
      const errors = all('error')
      if (errors.length > 0) throw new ComposeError(errors.sort(byPlace))
    },
  }
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line || a.column - b.column
}
