import { setsSession } from './request-head.ts'

/** What there is in the head of an answer that somebody has to look at. */
export type AnswerScan = {
  /** It says something that is ours to say. */
  own: boolean
  eventStream: boolean
  /** Index of the name of Content-Length, and of the value of Via; -1 without one. */
  lengthAt: number
  viaAt: number
  hasServer: boolean
}

/** Used again for every answer: it is read in the same call. */
const scan: AnswerScan = {
  own: false,
  eventStream: false,
  lengthAt: -1,
  viaAt: -1,
  hasServer: false,
}

/** One pass over the names, by length: most are none of those. */
export const scanAnswer = (headers: readonly string[]): AnswerScan => {
  scan.own = false
  scan.eventStream = false
  scan.lengthAt = -1
  scan.viaAt = -1
  scan.hasServer = false
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? ''
    switch (name.length) {
      case 3:
        if (name.toLowerCase() === 'via') scan.viaAt = at + 1
        break
      case 6:
        if (name.toLowerCase() === 'server') scan.hasServer = true
        break
      case 10:
        if (name.toLowerCase() === 'set-cookie' && setsSession(headers[at + 1] ?? '')) {
          scan.own = true
        }
        break
      case 12: {
        const lower = name.toLowerCase()
        if (lower === 'x-request-id') scan.own = true
        else if (lower === 'content-type') {
          scan.eventStream = headers[at + 1]?.startsWith('text/event-stream') === true
        }
        break
      }
      case 14:
        if (name.toLowerCase() === 'content-length') scan.lengthAt = at
        break
      case 18:
        if (name.toLowerCase() === 'x-keelson-instance') scan.own = true
        break
      default:
    }
  }
  return scan
}

/** Without the platform's session, and without what we say ourselves (`all`). */
export const withoutOwn = (headers: readonly string[], all: boolean): string[] => {
  const kept: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? ''
    const value = headers[at + 1] ?? ''
    const lower = name.toLowerCase()
    if (lower === 'x-keelson-instance') continue
    if (all && lower === 'x-request-id') continue
    if (lower === 'set-cookie' && setsSession(value)) continue
    kept.push(name, value)
  }
  return kept
}

/** The field whose name is at this index; without the array of what was removed, as splice has. */
export const removeField = (headers: string[], index: number): void => {
  for (let at = index + 2; at < headers.length; at += 1) headers[at - 2] = headers[at] ?? ''
  headers.pop()
  headers.pop()
}

export const withoutLength = (headers: readonly string[]): string[] =>
  headers.flatMap((name, at, all) =>
    at % 2 === 1 || name.toLowerCase() === 'content-length' ? [] : [name, all[at + 1] ?? ''],
  )
