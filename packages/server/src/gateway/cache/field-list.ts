/** Members of a comma-separated list, trimmed, without empty ones; commas in quotes do not count. */
export const splitList = (text: string): string[] => splitOutsideQuotes(text, 0x2c)

/** The same for parameters, which semicolons part. */
export const splitParameters = (text: string): string[] => splitOutsideQuotes(text, 0x3b)

const splitOutsideQuotes = (text: string, separator: number): string[] => {
  const parts: string[] = []
  const take = (start: number, end: number): void => {
    const part = text.slice(start, end).trim()
    if (part !== '') parts.push(part)
  }
  let start = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === 0x22) quoted = !quoted
    else if (char === 0x5c && quoted) at++
    else if (char === separator && !quoted) {
      take(start, at)
      start = at + 1
    }
  }
  take(start, text.length)
  return parts
}

/** What a quoted string says; anything else as it is. */
export const unquote = (text: string): string => {
  if (text.length < 2 || text[0] !== '"' || !text.endsWith('"')) return text
  return text.slice(1, -1).replaceAll(/\\(.)/g, '$1')
}
