import picocolors from 'picocolors'

export type Colors = ReturnType<typeof picocolors.createColors>

/** For what goes into a file. */
export const noColors: Colors = picocolors.createColors(false)

/** Where a command writes: data to standard output, messages to standard error. */
export type Output = {
  /** Data, with its colours; a line feed is added. */
  data: (text: string) => void
  /** A message for the person; silent with --quiet. */
  message: (text: string) => void
  /** An error or a warning; never silent. */
  alarm: (text: string) => void
  dataColors: Colors
  messageColors: Colors
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Colours for one stream: each stream is asked by itself (`keelson ps | less` keeps coloured
 * messages). NO_COLOR (no-color.org) and TERM=dumb turn them off, FORCE_COLOR on.
 */
const wantsColor = (stream: { isTTY?: boolean }, env: Environment, byOption: boolean): boolean => {
  if (!byOption) return false
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  if (env['FORCE_COLOR'] !== undefined) return env['FORCE_COLOR'] !== '0'
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}

type OutputOptions = {
  env: Environment
  color: boolean
  quiet: boolean
  stdout?: NodeJS.WriteStream
  stderr?: NodeJS.WriteStream
}

export const createOutput = (options: OutputOptions): Output => {
  const { env, color, quiet, stdout = process.stdout, stderr = process.stderr } = options
  return {
    data: (text) => void stdout.write(`${text}\n`),
    message: (text) => void (quiet || stderr.write(`${text}\n`)),
    alarm: (text) => void stderr.write(`${text}\n`),
    dataColors: picocolors.createColors(wantsColor(stdout, env, color)),
    messageColors: picocolors.createColors(wantsColor(stderr, env, color)),
    stdout,
    stderr,
  }
}

/**
 * Resolves once the reader has taken what was written. A pipe made by another Node program is a
 * socket, which is written to in the background: ending before this loses its last lines, and
 * writing a whole log without it fills the memory.
 */
export const flush = async (...streams: readonly NodeJS.WriteStream[]): Promise<void> => {
  await Promise.all(
    streams.map(async (stream) => {
      if (stream.writableLength === 0 || stream.destroyed) return
      await new Promise<void>((resolve) => {
        stream.write('', () => resolve())
      })
    }),
  )
}

/**
 * `keelson logs | head`: the reader has left, which is not an error. Without this, Node would end
 * with a stack trace.
 */
export const endWhenReaderLeaves = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
  }
}
