import { createInterface } from 'node:readline/promises'

/** Asks at a terminal; anything but yes, also the end of the input and Ctrl-C, is no. */
export const askYes = async (
  question: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<boolean> => {
  const reader = createInterface({ input, output })
  const stopped = new AbortController()
  reader.once('SIGINT', () => stopped.abort())
  reader.once('close', () => stopped.abort())
  try {
    const answer = await reader.question(question, { signal: stopped.signal })
    return /^y(?:es)?$/i.test(answer.trim())
  } catch (error) {
    if (!stopped.signal.aborted) throw error
    output.write('\n')
    return false
  } finally {
    reader.close()
  }
}
