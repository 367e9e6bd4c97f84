import { once } from 'node:events'

export type Size = { columns: number; rows: number }

/** Where a session gets its input from, and where its output goes. */
export type Terminal = {
  /** Its size; null: not a terminal, or not to be used as one. */
  size: Size | null
  /** Resolves when the reader has taken it. */
  write: (stream: 'stdout' | 'stderr', chunk: Buffer) => Promise<void>
  /** Hands input on until the returned function is called, which gives the terminal back. */
  connect: (to: Input) => () => void
}

export type Input = {
  /** False: there is enough under way; `resume` is called when more may come. */
  write: (chunk: Buffer, resume: () => void) => boolean
  end: () => void
  resize: (size: Size) => void
}

type Streams = {
  stdin: NodeJS.ReadStream
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
}

/**
 * The terminal of this command handed to another one: raw, so that Ctrl-C, colours and cursor keys
 * are the business of that program. Without a terminal only the streams are handed over.
 */
export const createTerminal = (
  wanted: boolean | undefined,
  { stdin, stdout, stderr }: Streams = process,
): Terminal => {
  const isTerminal = stdin.isTTY && stdout.isTTY
  const asTerminal = wanted ?? isTerminal
  const sizeNow = (): Size => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 })
  return {
    size: asTerminal ? sizeNow() : null,
    write: async (name, chunk) => {
      const stream = name === 'stdout' ? stdout : stderr
      if (!stream.write(chunk) && !stream.destroyed) await once(stream, 'drain')
    },
    connect: (to) => {
      const onResize = () => to.resize(sizeNow())
      const resume = () => void stdin.resume()
      const onData = (chunk: Buffer) => {
        if (!to.write(chunk, resume)) stdin.pause()
      }
      if (asTerminal && isTerminal) {
        stdin.setRawMode(true)
        stdout.on('resize', onResize)
      }
      stdin.on('data', onData)
      stdin.once('end', to.end)
      stdin.once('error', to.end) // closed by whoever started this command
      stdin.resume()
      return () => {
        if (asTerminal && isTerminal) stdin.setRawMode(false)
        stdout.off('resize', onResize)
        stdin.off('data', onData)
        stdin.off('end', to.end)
        stdin.pause()
      }
    },
  }
}
