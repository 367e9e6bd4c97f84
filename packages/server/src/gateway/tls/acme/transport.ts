import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'

/** An answer of an ACME server; header names in lower case. */
export type AcmeAnswer = {
  status: number
  headers: Readonly<Record<string, string | undefined>>
  text: string
}

/** One request; `body` is a signed JSON document. Rejects when no answer comes. */
export type Send = (
  url: string,
  request: { method: 'GET' | 'HEAD' | 'POST'; body?: string },
) => Promise<AcmeAnswer>

/** Words of a server are shown to people, and may be a page. */
const messageMax = 500

/** The server said no, or something that makes no sense. `retryAfterMs` when it said when. */
export class AcmeError extends Error {
  readonly retryAfterMs: number | null

  constructor(message: string, retryAfterMs: number | null) {
    super(message.replaceAll(/\p{Cc}+/gu, ' ').slice(0, messageMax))
    this.name = 'AcmeError'
    this.retryAfterMs = retryAfterMs
  }
}

/** The document of a good answer, in its form. Throws AcmeError: the problem of any other (RFC 8555 6.7). */
export const readAnswer = <T extends TSchema>(
  { status, headers, text }: AcmeAnswer,
  form: T,
): Static<T> => {
  const document = parse(text)
  if (status >= 200 && status < 300) {
    if (document === undefined) throw new AcmeError('The ACME server answered no JSON', null)
    if (Value.Check(form, document)) return document
    const { instancePath = '' } = Value.Errors(form, document)[0] ?? {}
    const where = instancePath === '' ? '' : ` at ${instancePath}`
    throw new AcmeError(`The ACME server's answer has not the form of RFC 8555${where}`, null)
  }
  const problem = (document ?? {}) as { type?: unknown; detail?: unknown }
  const type =
    typeof problem.type === 'string' ? problem.type.replace(/^.*:/, '') : `HTTP ${status}`
  const detail = typeof problem.detail === 'string' ? `: ${problem.detail}` : ''
  throw new AcmeError(`The ACME server refuses (${type})${detail}`, retryAfterOf(headers))
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Who asks for more is asked again the next day: nobody keeps us from a certificate for ever. */
const retryAfterMostMs = 86_400_000

/** Seconds or a date (RFC 9110 10.2.3). */
const retryAfterOf = (headers: AcmeAnswer['headers']): number | null => {
  const given = headers['retry-after']
  if (given === undefined) return null
  const waitMs = /^\d+$/.test(given) ? Number(given) * 1000 : Date.parse(given) - Date.now()
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(0, waitMs), retryAfterMostMs)
}
