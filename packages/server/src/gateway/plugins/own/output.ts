import type { Readable } from 'node:stream'
import { limits } from './limits.ts'

/**
 * What a plugin prints, by lines. Reads so much and no more between two pulses: a plugin that prints
 * without end waits for its reader.
 */
export const readOutput = (stream: Readable, onLine: (line: string) => void) => {
  let rest = ''
  let bytes = 0
  stream.setEncoding('utf8')
  // The end of the process is told by the process.
  stream.on('error', () => {})
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = (lines.pop() ?? '').slice(0, limits.lineLength)
    for (const line of lines) if (line !== '') onLine(line.slice(0, limits.lineLength))
    bytes += text.length
    if (bytes > limits.outputBytes) stream.pause()
  })
  return {
    pulse: (): void => {
      bytes = 0
      stream.resume()
    },
  }
}

/** Why Node ended, in its own words; null when it said nothing of that kind. */
export const causeIn = (line: string): string | null => {
  const [, cause] =
    /^(?:Uncaught )?((?:FATAL ERROR|\w{0,100}Error(?: \[\w{1,100}\])?): .*)$/.exec(line) ?? []
  return cause ?? null
}
