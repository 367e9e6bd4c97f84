/** Reads and edits query strings without parsing what nobody asks for. */

/**
 * Decoded values of a parameter in the order of the query, which starts with `?` or is empty. A
 * parameter without `=` has no value and is left out.
 */
export const parameterValues = (query: string, name: string): string[] => {
  const values: string[] = []
  eachPair(query, (start, end) => {
    const pair = query.slice(start, end)
    const equals = pair.indexOf('=')
    if (equals !== -1 && decoded(pair.slice(0, equals)) === name) {
      values.push(decoded(pair.slice(equals + 1)))
    }
    return true
  })
  return values
}

/** Whether a parameter is there, with a value or without. */
export const hasParameter = (query: string, name: string): boolean => {
  let found = false
  eachPair(query, (start, end) => {
    found = nameOf(query, start, end) === name
    return !found
  })
  return found
}

/** The query without this parameter, byte for byte otherwise; empty when nothing is left. */
export const withoutParameter = (query: string, name: string): string => {
  if (!hasParameter(query, name)) return query
  const kept: string[] = []
  eachPair(query, (start, end) => {
    if (nameOf(query, start, end) !== name) kept.push(query.slice(start, end))
    return true
  })
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}

const nameOf = (query: string, start: number, end: number): string => {
  // Within the pair: to look for `=` in all that follows would be quadratic.
  const pair = query.slice(start, end)
  const equals = pair.indexOf('=')
  return decoded(equals === -1 ? pair : pair.slice(0, equals))
}

const eachPair = (query: string, visit: (start: number, end: number) => boolean): void => {
  for (let start = 1; start < query.length;) {
    const ampersand = query.indexOf('&', start)
    const end = ampersand === -1 ? query.length : ampersand
    if (end > start && !visit(start, end)) return
    start = end + 1
  }
}

/** `+` is a blank; what is no valid encoding stays as it is. */
const decoded = (text: string): string => {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
