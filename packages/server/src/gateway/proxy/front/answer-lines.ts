import { STATUS_CODES } from 'node:http'

/**
 * What no field value may hold: everything but tab, visible characters and bytes above 127. A
 * character above 255 would lose its upper byte on the way out, and U+010A would end the line.
 */
// oxlint-disable-next-line no-control-regex -- control characters are the subject
const forbidden = /[^\t\x20-\x7e\x80-\xff]/
// oxlint-disable-next-line no-control-regex -- as above
const forbiddenAll = /[^\t\x20-\x7e\x80-\xff]/g
/** RFC 9110 5.6.2 */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** A value that cannot end its line: what may not be in it becomes a space (RFC 9110 5.5). */
export const safeValue = (value: string): string =>
  forbidden.test(value) ? value.replace(forbiddenAll, ' ') : value

export const isFieldName = (name: string): boolean => token.test(name)

/** The reason as it came; nothing from a plugin or a service can end the line. */
export const statusLine = (status: number, reason: string): string => {
  if (status === 200 && (reason === 'OK' || reason === '')) return 'HTTP/1.1 200 OK\r\n'
  const phrase = reason === '' ? (STATUS_CODES[status] ?? '') : safeValue(reason)
  return `HTTP/1.1 ${status} ${phrase}\r\n`
}

/** Fields of an answer as HTTP/1.1 has them, and what they say about its framing. */
type AnswerFields = {
  lines: string
  /** From Content-Length, which is not among the lines; null when there is none. */
  contentLength: string | null
  hasDate: boolean
  close: boolean
  /** RFC 9110 7.8: who sends Upgrade names it in Connection. */
  upgrade: boolean
}

/** Used again for every answer: it is read in the same call. */
const fields: AnswerFields = {
  lines: '',
  contentLength: null,
  hasDate: false,
  close: false,
  upgrade: false,
}

/** Reads flat fields in one pass. What belongs to the connection is the front's to say. */
export const readAnswerFields = (headers: readonly string[]): AnswerFields => {
  let lines = ''
  fields.contentLength = null
  fields.hasDate = false
  fields.close = false
  fields.upgrade = false
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? ''
    const value = headers[at + 1] ?? ''
    if (!isFieldName(name) || !takesPart(name, value)) continue
    lines += forbidden.test(value) ? `${name}: ${safeValue(value)}\r\n` : `${name}: ${value}\r\n`
  }
  fields.lines = lines
  return fields
}

/** False for what is not sent as it is. Told by length: most are none of those. */
const takesPart = (name: string, value: string): boolean => {
  switch (name.length) {
    case 4:
      if (name.toLowerCase() === 'date') fields.hasDate = true
      return true
    case 7:
      if (name.toLowerCase() === 'upgrade') fields.upgrade = true
      return true
    case 10: {
      const lower = name.toLowerCase()
      if (lower === 'connection' && /\bclose\b/i.test(value)) fields.close = true
      return lower !== 'connection' && lower !== 'keep-alive'
    }
    case 14:
      if (name.toLowerCase() !== 'content-length') return true
      fields.contentLength = value
      return false
    case 17:
      return name.toLowerCase() !== 'transfer-encoding'
    default:
      return true
  }
}

/** 1xx, 204 and 304 have none (RFC 9110 6.4.1), and HEAD answers are heads. */
export const mayHaveBody = (method: string, status: number): boolean =>
  method !== 'HEAD' && status !== 204 && status !== 304 && status >= 200
