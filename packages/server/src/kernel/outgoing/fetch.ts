import { request as requestHttp, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import { isPublicAddress, publicLookup, refusalOf } from './addresses.ts'
import { OutgoingError } from './outgoing-error.ts'

/** What a request may do; whoever configured the server says so. */
export type OutgoingPolicy = {
  /** http beside https. */
  allowHttp: boolean
  /** Addresses that are not of the public Internet. */
  allowInternal: boolean
  /** For all of it, redirects and body included. */
  timeoutMs: number
  maxBytes: number
  /** 3 unless told. */
  maxRedirects?: number
  /** PEM; in place of the CAs of the system. */
  ca?: string
}

export type OutgoingAsk = {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  headers?: Readonly<Record<string, string>>
  body?: string | Buffer
}

export type OutgoingAnswer = { status: number; headers: IncomingHttpHeaders; body: Buffer }

const maxRedirectsDefault = 3

/**
 * Asks a server that somebody configured: keys of an issuer, a webhook. Bounded in time and size,
 * and not to be led inside: neither by a name nor by a redirect, which may only lead to the same
 * origin and only for GET.
 *
 * @throws OutgoingError
 */
export const fetchOutgoing = async (
  url: string | URL,
  policy: OutgoingPolicy,
  ask: OutgoingAsk = {},
): Promise<OutgoingAnswer> => {
  const signal = AbortSignal.timeout(policy.timeoutMs)
  const { maxRedirects = maxRedirectsDefault } = policy
  let target = checkedUrl(url, policy)
  for (let redirects = 0; ; redirects += 1) {
    const answer = await fetchOnce(target, policy, ask, signal)
    const location = answer.headers.location
    if (answer.status < 300 || answer.status > 399 || location === undefined) return answer
    if (redirects === maxRedirects) {
      throw new OutgoingError('redirect', `${target.href} redirects once too often`)
    }
    target = redirectTarget(target, location, ask)
  }
}

const checkedUrl = (url: string | URL, { allowHttp, allowInternal }: OutgoingPolicy): URL => {
  const target = parsedUrl(url)
  if (target.protocol !== 'https:' && !(allowHttp && target.protocol === 'http:')) {
    throw new OutgoingError('bad_url', `${target.href} is not https`)
  }
  if (target.username !== '' || target.password !== '') {
    throw new OutgoingError('bad_url', `the address of ${target.host} holds credentials`)
  }
  // An address in the URL is connected to without any lookup.
  const host = target.hostname.replace(/^\[|\]$/g, '')
  if (!allowInternal && isIP(host) !== 0 && !isPublicAddress(host)) {
    throw refusalOf(target.hostname, host)
  }
  return target
}

const parsedUrl = (url: string | URL): URL => {
  try {
    return new URL(url)
  } catch (error) {
    throw new OutgoingError('bad_url', `not a URL: ${String(url)}`, { cause: error })
  }
}

const redirectTarget = (from: URL, location: string, { method = 'GET' }: OutgoingAsk): URL => {
  const to = URL.canParse(location, from) ? new URL(location, from) : null
  if (method !== 'GET' || to === null || to.origin !== from.origin) {
    throw new OutgoingError('redirect', `${from.href} redirects to ${location}`)
  }
  return to
}

const fetchOnce = (
  url: URL,
  policy: OutgoingPolicy,
  { method = 'GET', headers = {}, body }: OutgoingAsk,
  signal: AbortSignal,
): Promise<OutgoingAnswer> =>
  new Promise((resolve, reject) => {
    const length: Record<string, string> =
      body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      method,
      headers: { accept: 'application/json', ...headers, ...length },
      signal,
      // A connection of its own: these requests are rare, and nobody has to close idle ones.
      agent: false,
      ...(policy.allowInternal ? {} : { lookup: publicLookup }),
      ...(policy.ca === undefined ? {} : { ca: policy.ca }),
    })
    request.on('response', (answer) => {
      readAll(answer, policy.maxBytes).then(
        (bytes) => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: bytes })
        },
        (error: unknown) => {
          request.destroy()
          reject(asOutgoingError(url, error, signal))
        },
      )
    })
    request.on('error', (error) => reject(asOutgoingError(url, error, signal)))
    request.end(body)
  })

const readAll = async (answer: IncomingMessage, maxBytes: number): Promise<Buffer> => {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of answer as AsyncIterable<Buffer>) {
    size += part.length
    if (size > maxBytes) {
      throw new OutgoingError('too_large', `the answer is larger than ${maxBytes} bytes`)
    }
    parts.push(part)
  }
  return Buffer.concat(parts)
}

const asOutgoingError = (url: URL, error: unknown, signal: AbortSignal): OutgoingError => {
  if (error instanceof OutgoingError) return error
  if (signal.aborted) {
    return new OutgoingError('timeout', `${url.host} did not answer in time`, { cause: error })
  }
  const detail = error instanceof Error ? error.message : String(error)
  return new OutgoingError('unreachable', `${url.host}: ${detail}`, { cause: error })
}
