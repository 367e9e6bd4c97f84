import type { CustomFetch, FetchBody } from 'openid-client'
import { fetchOutgoing, type OutgoingPolicy } from '../../kernel/outgoing/index.ts'

const timeoutMs = 10_000
const maxBytes = 1024 * 1024

/** A redirect could only lead away from what was configured. */
export const policyOf = (allowsInternal: boolean): OutgoingPolicy => ({
  ...{ allowHttp: allowsInternal, allowInternal: allowsInternal },
  ...{ timeoutMs, maxBytes, maxRedirects: 0 },
})

/** For the library: only text goes out, and what comes in is whole or an OutgoingError. */
export const fetchBy =
  (policy: OutgoingPolicy): CustomFetch =>
  async (url, { method, headers, body }) => {
    const { status, ...answer } = await fetchOutgoing(url, policy, {
      ...{ method: method === 'POST' ? 'POST' : 'GET', headers },
      ...(body === undefined || body === null ? {} : { body: textOf(body) }),
    })
    const type = answer.headers['content-type']
    const isEmpty = status === 204 || status === 205 || status === 304
    return new Response(isEmpty ? null : new Uint8Array(answer.body), {
      ...{ status, headers: type === undefined ? {} : { 'content-type': type } },
    })
  }

const textOf = (body: FetchBody): string => {
  if (typeof body === 'string') return body
  if (body instanceof URLSearchParams) return body.toString()
  throw new TypeError('a form is sent as text')
}
