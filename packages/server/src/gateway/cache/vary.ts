import type { HeaderList } from '../proxy/header-list.ts'
import { splitList } from './field-list.ts'

/** Lists of preferences: neither order nor case of their members means anything. */
const preferences = new Set(['accept', 'accept-charset', 'accept-encoding', 'accept-language'])

/**
 * Names that `Vary` tells, in lower case, sorted, each once; null for `*`, which no request
 * matches (RFC 9111 4.1). What is coded was chosen by Accept-Encoding, also where the service forgot
 * to say so: a client gets no gzip it did not ask for (Kong/kong#12796).
 */
export const varyNames = (headers: HeaderList): readonly string[] | null => {
  const value = headers.joined('vary')
  const isCoded = headers.has('content-encoding')
  if (value === undefined) return isCoded ? ['accept-encoding'] : []
  const names = new Set(splitList(value.toLowerCase()))
  if (isCoded) names.add('accept-encoding')
  return names.has('*') ? null : [...names].toSorted()
}

/**
 * What of a request chooses among the answers to one URL: the same text for requests that mean
 * the same (RFC 9111 4.1): lines of a field joined, blanks around commas gone, preferences in one
 * order.
 */
export const secondaryKey = (names: readonly string[], request: HeaderList): string => {
  if (names.length === 0) return ''
  let key = ''
  for (const name of names) {
    const value = request.joined(name)
    // Lengths keep one field from passing for two; -1 is not the same as an empty field.
    if (value === undefined) key += '-1:'
    else {
      const normal = normalise(name, value)
      key += `${normal.length}:${normal}`
    }
  }
  return key
}

const normalise = (name: string, value: string): string => {
  if (!preferences.has(name)) {
    return value.includes(',') ? splitList(value).join(',') : value.trim()
  }
  const members = splitList(value.toLowerCase())
  return members
    .map((member) => member.replaceAll(/[ \t]/g, ''))
    .toSorted()
    .join(',')
}
