import type { Problem } from '@keelson/contract'
import { errorTable, type ErrorCode } from '@keelson/contract/errors'
import { STATUS_CODES } from 'node:http'

/** The gateway's own answers to requests, all from the closed table of the contract. */
export type GatewayProblemCode = Extract<
  ErrorCode,
  | 'gateway_no_route'
  | 'gateway_no_upstream'
  | 'gateway_overloaded'
  | 'gateway_upstream_timeout'
  | 'gateway_upstream_failed'
  | 'gateway_request_timeout'
  | 'gateway_headers_too_large'
  | 'gateway_bad_request'
  | 'gateway_unavailable'
>

export const statusOfProblem = (code: GatewayProblemCode): number => errorTable[code].status

/** What a problem answer needs to know of its request. */
type Asked = { path: string; accept: string; requestId: string }

/** An answer that the gateway makes itself; headers flat, without framing. */
export type OwnAnswer = { status: number; headers: string[]; body: Buffer | null }

/** An RFC 9457 problem, or a page when a browser asks. */
export const problemAnswer = (
  code: GatewayProblemCode,
  detail: string,
  asked: Asked,
): OwnAnswer => {
  const html = asked.accept.includes('text/html')
  const body = html ? pageOf(code, asked.requestId) : problemOf(code, detail, asked)
  const headers = [
    'content-type',
    html ? 'text/html; charset=utf-8' : 'application/problem+json',
    'cache-control',
    'no-store',
    'x-request-id',
    asked.requestId,
  ]
  return { status: errorTable[code].status, headers, body: Buffer.from(body) }
}

/** The same answer for a socket without a response object: upgrades and malformed requests. */
export const rawProblem = (code: GatewayProblemCode, detail: string, requestId: string): string => {
  const { status } = errorTable[code]
  const asked = { path: '', accept: '', requestId }
  const body = problemOf(code, detail, asked)
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}

const problemOf = (
  code: GatewayProblemCode,
  detail: string,
  { path, requestId }: Asked,
): string => {
  const { status, title, hint } = errorTable[code]
  const type = `urn:keelson:problem:${code}`
  const problem: Problem = { type, title, status, detail, code, hint, requestId }
  if (path !== '') problem.instance = path
  return JSON.stringify(problem)
}

const sentences: Record<number, string> = {
  404: 'There is no page at this address.',
  408: 'The request took too long to arrive.',
  502: 'The service behind this address broke off its answer. Trying again may help.',
  503: 'The service behind this address is not available right now. Try again in a moment.',
  504: 'The service behind this address takes too long to answer. Try again in a moment.',
}

/** Tells a visitor what matters to a visitor, and nothing about what runs here. */
const pageOf = (code: GatewayProblemCode, requestId: string): string => {
  const { status, title } = errorTable[code]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${status}</title>
<style>
:root { color-scheme: light dark }
body { margin: 0; min-height: 100vh; display: grid; place-content: center; padding: 2rem;
  font: 1rem/1.6 system-ui, sans-serif; background: Canvas; color: CanvasText }
h1 { font-size: 1.25rem; font-weight: 600; margin: 0 0 .5rem }
p { margin: 0; max-width: 34rem } small { display: block; margin-top: 1.5rem; opacity: .6 }
</style>
</head>
<body>
<main>
<h1>${status === 404 ? 'Nothing here' : title}</h1>
<p>${sentences[status] ?? title}</p>
<small>Request ${requestId}</small>
</main>
</body>
</html>
`
}
