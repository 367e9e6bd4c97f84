import { relative } from 'node:path'
import type { Problem } from '@keelson/contract'
import { errorTable, type ErrorCode } from '@keelson/contract/errors'
import type { Diagnostic } from '@keelson/compose'
import type { Colors } from './output.ts'
import { exitCodeOf, exitCodes, type ExitCode } from './exit-code.ts'
import { withoutControls } from './text.ts'

export type Place = { file: string; line: number; column: number }

/** One thing that is wrong: what, where in a file a person wrote, and the way out. */
export type Fault = { message: string; place?: Place; hint?: string }

/** The command cannot do what it was asked for. Everything a person needs to know is in it. */
export class CommandError extends Error {
  readonly code: string
  readonly exitCode: ExitCode
  readonly faults: readonly Fault[]

  constructor(code: string, exitCode: ExitCode, faults: readonly Fault[], options?: ErrorOptions) {
    super(faults.map((fault) => fault.message).join('\n'), options)
    this.name = 'CommandError'
    this.code = code
    this.exitCode = exitCode
    this.faults = faults
  }
}

/** An error of the contract's table that the command itself meets, with the table's hint. */
export const tableError = (code: ErrorCode, message: string, options?: ErrorOptions) => {
  const { status, hint } = errorTable[code]
  return new CommandError(code, exitCodeOf({ status, code }), [{ message, hint }], options)
}

/** The person asked for something that makes no sense: exit code 2. */
export const usageError = (message: string, hint: string): CommandError =>
  new CommandError('usage', exitCodes.badInput, [{ message, hint }])

export type Failure = { code: string; exitCode: ExitCode; faults: readonly Fault[] }

/** What to tell about any error. A mistake of Keelson's own keeps its stack for the report. */
export const failureOf = (error: unknown): Failure => {
  if (error instanceof CommandError) return error
  if (isProblemError(error)) return failureOfProblem(error.problem)
  if (isAppError(error)) return tableError(error.code, error.message)
  if (isComposeError(error)) {
    return { code: 'compose_invalid', exitCode: exitCodes.badInput, faults: faultsOf(error) }
  }
  if (isConnectionLost(error)) {
    return tableError('platform_unreachable', `Keelson stopped answering (${causeOf(error)})`)
  }
  return {
    code: 'internal',
    exitCode: exitCodes.failure,
    faults: [
      {
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
        hint: 'This is a fault of Keelson itself; report it with the lines above.',
      },
    ],
  }
}

/** How fetch tells that nobody listens there, or that the answer was cut off. */
export const isConnectionLost = (error: unknown): error is TypeError =>
  error instanceof TypeError && (error.message === 'fetch failed' || error.message === 'terminated')

/** What the system said of a connection that was lost. */
export const causeOf = ({ cause }: TypeError): string => {
  if (!(cause instanceof Error)) return 'the connection was lost'
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
}

export const failureOfProblem = (problem: Problem): Failure => {
  const exitCode = exitCodeOf(problem)
  const errors = problem.errors ?? []
  if (errors.length === 0) {
    return {
      code: problem.code,
      exitCode,
      faults: [{ message: problem.detail, hint: problem.hint }],
    }
  }
  const faults = errors.map(({ message, origin, pointer, hint }): Fault => {
    const subject =
      origin === undefined && pointer !== undefined ? `${fieldOf(pointer)}: ${message}` : message
    return {
      message: subject,
      ...(origin === undefined ? {} : { place: origin }),
      ...(hint === undefined ? {} : { hint }),
    }
  })
  return { code: problem.code, exitCode, faults: withWayOut(faults, problem.hint) }
}

/** `name` of `/body/name`: what a person gave, not where the request had it. */
const fieldOf = (pointer: string): string =>
  pointer.replace(/^\/(body|querystring|params)\/(?=.)/, '')

// By its shape, so that the contract's schemas are not read for commands that only read files.
const isProblemError = (error: unknown): error is Error & { problem: Problem } =>
  error instanceof Error && error.name === 'ProblemError' && 'problem' in error

// By its shape, so that the server is not read for commands that only ask one.
export const isAppError = (error: unknown): error is Error & { code: ErrorCode } =>
  error instanceof Error && error.name === 'AppError' && 'code' in error

// By its shape, so that the loader is not read for commands that have no use for it.
const isComposeError = (error: unknown): error is Error & { diagnostics: Diagnostic[] } =>
  error instanceof Error && error.name === 'ComposeError' && 'diagnostics' in error

const faultsOf = (error: { diagnostics: readonly Diagnostic[] }): Fault[] => {
  const errors = error.diagnostics.filter(({ severity }) => severity === 'error')
  return withWayOut(errors.map(faultOfDiagnostic), 'correct the file there; nothing was started')
}

/** When no fault brings a way out of its own, the last one gets that of all. */
const withWayOut = (faults: readonly Fault[], hint: string): Fault[] =>
  faults.every((fault) => fault.hint === undefined)
    ? faults.map((fault, at) => (at === faults.length - 1 ? { ...fault, hint } : fault))
    : [...faults]

export const faultOfDiagnostic = (diagnostic: Diagnostic): Fault => {
  const { message, hint, file, line, column } = diagnostic
  return {
    message,
    ...(file === '' ? {} : { place: { file, line, column } }),
    ...(hint === undefined ? {} : { hint }),
  }
}

/** `file:line:column`, relative to the folder the command runs in when that is shorter. */
export const formatPlace = ({ file, line, column }: Place, cwd: string): string => {
  const near = relative(cwd, file)
  const shown = near !== '' && near.length < file.length ? near : file
  return line > 0 ? `${shown}:${line}:${column}` : shown
}

/** The lines of one fault: the mark, the place, what happened; then the way out. */
export const formatFault = (fault: Fault, mark: string, cwd: string, colors: Colors): string => {
  const place = fault.place === undefined ? '' : `${formatPlace(fault.place, cwd)}: `
  const message = withoutControls(fault.message).replaceAll('\n', '\n  ')
  const lines = [`${mark} ${place}${message}`]
  if (fault.hint !== undefined && fault.hint !== '') {
    lines.push(`  ${colors.bold('Try:')} ${withoutControls(fault.hint)}`)
  }
  return lines.join('\n')
}

export const formatFailure = (failure: Failure, cwd: string, colors: Colors): string =>
  failure.faults.map((fault) => formatFault(fault, colors.red('✗'), cwd, colors)).join('\n')
