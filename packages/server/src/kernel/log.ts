import { pino, type DestinationStream } from 'pino'

/** One line per fact: a constant lower-case message, the facts in fields. */
export type Log = {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(bindings: Record<string, string | number>): Log
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/**
 * A value that must never be shown. It prints as `[secret]` in logs, JSON, templates and
 * inspection alike; only `reveal()` gives it out, so every use can be found by that word.
 */
export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  reveal(): string {
    return this.#value
  }
  toString(): string {
    return '[secret]'
  }
  toJSON(): string {
    return '[secret]'
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
}

/** Names under which a secret might still travel as plain text, at the top or one level down. */
const secretFields = ['password', 'token', 'secret', 'authorization', 'cookie', 'connectionString']
const redacted = secretFields.flatMap((name) => [name, `*.${name}`])

/**
 * Where log lines go: standard output, which is a file nobody bounds, until something bounded can
 * take them. What ends the process is written to standard error by Node itself, and stays there.
 */
export const createLogSink = () => {
  // Synchronous: a crash must not swallow the line that explains it.
  const output = pino.destination({ fd: 1, sync: true })
  let taker: ((line: string) => void) | null = null
  return {
    write(line: string): void {
      if (taker === null) output.write(line)
      else taker(line)
    },
    /** Null gives the lines back to standard output. */
    redirect(to: ((line: string) => void) | null): void {
      taker = to
    },
  }
}

export const createLog = (options: {
  level: LogLevel
  target: string
  destination: DestinationStream
}): Log =>
  pino(
    {
      level: options.level,
      base: { target: options.target },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: redacted, censor: '[secret]' },
    },
    options.destination,
  )
