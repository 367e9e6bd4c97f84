import { errorTable, type ErrorCode } from '@keelson/contract/errors'
import type { Problem, ProblemDetail } from '@keelson/contract'
import { AppError } from './errors.ts'
import type { Fault } from './fault-words.ts'

type Request = { instance: string; id: string }

/** The one place where an error becomes an answer (RFC 9457). Unknown ones tell nothing. */
export const problemOf = (error: unknown, request: Request): Problem => {
  if (error instanceof AppError) {
    return problem(error.code, error.message, error.hint, error.errors, request)
  }
  if (isValidationError(error)) {
    const errors = error.validation.map((fault) => ({
      message: fault.message ?? 'is not valid',
      pointer: `/${error.validationContext ?? 'body'}${fault.instancePath}`,
    }))
    const [first] = errors
    if (first !== undefined && error.validation.every(({ isPlain }) => isPlain === true)) {
      const detail = `${fieldOf(first.pointer)}: ${first.message}`
      return problem('bad_request', detail, 'Give it as the message says.', errors, request)
    }
    const where = first === undefined ? '' : `: ${first.pointer} ${first.message}`
    return problem('bad_request', `The request is malformed${where}`, undefined, errors, request)
  }
  if (isRefusalOfFramework(error)) {
    return problem('bad_request', error.message, undefined, [], request)
  }
  return problem('internal', 'Keelson failed to answer this request', undefined, [], request)
}

const problem = (
  code: ErrorCode,
  detail: string,
  hint: string | undefined,
  errors: readonly ProblemDetail[],
  request: Request,
): Problem => ({
  type: `urn:keelson:problem:${code}`,
  title: errorTable[code].title,
  status: errorTable[code].status,
  detail,
  instance: request.instance,
  code,
  hint: hint ?? errorTable[code].hint,
  requestId: request.id,
  ...(errors.length === 0 ? {} : { errors: errors.slice(0, 200) }),
})

/** `name` of `/body/name`, `on/owner` of `/body/on/owner`: as whoever filled it in knows it. */
const fieldOf = (pointer: string): string => pointer.split('/').slice(2).join('/')

type ValidationError = Error & {
  validation: Fault[]
  validationContext?: string
}

const isValidationError = (error: unknown): error is ValidationError =>
  error instanceof Error && Array.isArray((error as Partial<ValidationError>).validation)

/** Only its own: an error of another library may carry a status too, and says what is internal. */
const isRefusalOfFramework = (error: unknown): error is Error => {
  if (!(error instanceof Error)) return false
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  if (typeof code !== 'string' || !code.startsWith('FST_')) return false
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
}
