import { isFieldName, safeValue } from './front/answer-lines.ts'
import { readRequestHead } from './request-head.ts'
import type { UpstreamHead } from './upstream-head.ts'

/**
 * What says how a request is to be read, routed or trusted does not stand behind it (RFC 9110
 * 6.5.1): some services take trailers for fields of the head.
 */
const headOnly =
  /^(?:authorization|cookie|cache-control|pragma|content-.*|range|if-.*|max-forwards|expect|trailer|accept.*|origin|referer|user-agent|via|x-real-ip|x-request-id|x-http-method-override|x[-_](?:consumer|credential|anonymous|kong|keelson|forwarded)[-_].*)$/i

/** Trailers of a request that may go on to a service; null when there are none. */
export const passableTrailers = (
  trailers: readonly string[] | null,
  { rest }: UpstreamHead,
): string[] | null => {
  if (trailers === null) return null
  const fields: string[] = []
  readRequestHead(trailers, { trusted: false, kong: false }, fields)
  const head = rest.toLowerCase()
  const passable: string[] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] ?? ''
    // Nor does one say again what the head has said, by the client or by a plugin.
    if (!isFieldName(name) || headOnly.test(name)) continue
    if (head.includes(`\r\n${name.toLowerCase()}:`)) continue
    passable.push(name, safeValue(fields[at + 1] ?? ''))
  }
  return passable.length === 0 ? null : passable
}
