import type { OutgoingHttpHeaders } from 'node:http2'

import { isFieldName, safeValue } from './front/answer-lines.ts'

/** Fields as HTTP/2 has them: lower case, without those of the connection (RFC 9113 8.2.2). */
export const http2Fields = (
  headers: readonly string[],
  withLength: boolean,
): OutgoingHttpHeaders => {
  const fields: Record<string, string | string[] | number> = {}
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = (headers[at] ?? '').toLowerCase()
    if (!isFieldName(name) || ofConnection.has(name)) continue
    if (name === 'content-length' && !withLength) continue
    const value = safeValue(headers[at + 1] ?? '')
    const before = fields[name]
    // Cookies are the only ones that cannot be joined (RFC 9110 5.3).
    if (name === 'set-cookie') fields[name] = [...(Array.isArray(before) ? before : []), value]
    else fields[name] = before === undefined ? value : `${String(before)}, ${value}`
  }
  return fields
}

const ofConnection = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  '__proto__',
])
