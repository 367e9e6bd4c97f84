import { errorTable, type ErrorCode } from '@keelson/contract/errors'
import type { ProblemDetail } from '@keelson/contract'

/** Facts of an error, shown to people: never a secret, never a whole object. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | undefined>>

type ErrorOptions = { cause?: unknown; hint?: string; errors?: readonly ProblemDetail[] }

/**
 * An operating error from the closed table in the contract. `message` says what happened and
 * where; `hint` says what to try. A programming mistake is no AppError: it asserts and crashes.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails
  readonly hint: string
  readonly errors: readonly ProblemDetail[]

  /** `details.message`, when given, is the sentence shown instead of the title of the code. */
  constructor(code: ErrorCode, details: ErrorDetails = {}, options: ErrorOptions = {}) {
    const sentence = details['message']
    super(typeof sentence === 'string' ? sentence : sentenceOf(code, details), {
      cause: options.cause,
    })
    this.name = 'AppError'
    this.code = code
    this.details = details
    this.hint = options.hint ?? errorTable[code].hint
    this.errors = options.errors ?? []
  }
}

const sentenceOf = (code: ErrorCode, details: ErrorDetails): string => {
  const facts = Object.entries(details)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${String(value)}`)
  const { title } = errorTable[code]
  return facts.length === 0 ? title : `${title} (${facts.join(', ')})`
}

/** The message of whatever was thrown, for a sentence shown to people. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown)
