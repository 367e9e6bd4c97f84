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

/** The server said no, or something that makes no sense. `retryAfterMs` when it said when. */
export class AcmeError extends Error {
  readonly retryAfterMs: number | null

  constructor(message: string, retryAfterMs: number | null) {
    super(message)
    this.name = 'AcmeError'
    this.retryAfterMs = retryAfterMs
  }
}

/** The document of a good answer. Throws AcmeError with the problem of any other (RFC 8555 6.7). */
export const readAnswer = <T>({ status, headers, text }: AcmeAnswer): T => {
  const document = parse(text)
  if (status >= 200 && status < 300) {
    if (document === undefined) throw new AcmeError('The ACME server answered no JSON', null)
    return document as T
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

/** Seconds or a date (RFC 9110 10.2.3). */
const retryAfterOf = (headers: AcmeAnswer['headers']): number | null => {
  const given = headers['retry-after']
  if (given === undefined) return null
  if (/^\d+$/.test(given)) return Number(given) * 1000
  const at = Date.parse(given)
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now())
}
