import type { Place } from '../place.ts'
import type { Line, Lines } from './dockerfile-lines.ts'
import { readJsonWords, splitWords } from './dockerfile-words.ts'

type Fault = Place & { message: string }

const keywords = new Set([
  ...['ADD', 'ARG', 'CMD', 'COPY', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'FROM', 'HEALTHCHECK'],
  ...['LABEL', 'MAINTAINER', 'ONBUILD', 'RUN', 'SHELL', 'STOPSIGNAL', 'USER', 'VOLUME', 'WORKDIR'],
])

/** What the builder refuses. A frontend of one's own may know more, and is not judged. */
export const findFaults = (file: string, { lines, syntax }: Lines): Fault[] => {
  if (syntax !== undefined && !/^(?:docker\.io\/)?docker\/dockerfile\b/.test(syntax)) return []
  const faults: Fault[] = []
  let hasFrom = false
  for (const line of lines) {
    const message = faultOf(line, hasFrom)
    if (line.keyword === 'FROM') hasFrom = true
    if (message !== undefined) faults.push({ ...line.at, message })
  }
  if (!hasFrom && lines.length > 0) {
    faults.push({ file, line: 1, column: 1, message: 'there is no FROM' })
  }
  return faults
}

const faultOf = ({ keyword, text }: Line, hasFrom: boolean): string | undefined => {
  if (!keywords.has(keyword)) return `unknown instruction ${keyword.slice(0, 40)}`
  if (!hasFrom && keyword !== 'FROM' && keyword !== 'ARG') return `${keyword} stands before FROM`
  if (text === '' && keyword !== 'CMD' && keyword !== 'ENTRYPOINT') {
    return `${keyword} has nothing after it`
  }
  if (keyword === 'FROM') {
    const words = splitWords(text)
    const isFine = words.length === 1 || (words.length === 3 && /^as$/i.test(words[1] ?? ''))
    return isFine ? undefined : 'FROM takes an image, and AS with a name'
  }
  if (keyword === 'COPY' || keyword === 'ADD') {
    const count = (readJsonWords(text) ?? splitWords(text)).length
    return count < 2 ? `${keyword} needs a source and a destination` : undefined
  }
  if (keyword === 'HEALTHCHECK') {
    return /^(?:none$|cmd\s+\S)/i.test(text) ? undefined : 'HEALTHCHECK is neither CMD … nor NONE'
  }
  return undefined
}
