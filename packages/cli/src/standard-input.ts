import { usageError } from './failure.ts'

/** All of it, as text. Throws CommandError (exit code 2) above `maxBytes`, and at a terminal. */
export const readStandardInput = async (maxBytes: number): Promise<string> => {
  if (process.stdin.isTTY) {
    throw usageError('Nothing is given on standard input', 'pipe it in, as: … < file')
  }
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) {
      throw usageError(`Standard input holds more than ${maxBytes} bytes`, 'check what is piped in')
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
