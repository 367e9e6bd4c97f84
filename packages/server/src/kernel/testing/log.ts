import type { Log } from '../log.ts'

const nothing = (): void => undefined

/** For tests that do not look at the log. */
export const quietLog: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => quietLog,
}

export type LogLine = {
  level: 'debug' | 'info' | 'warn' | 'error'
  message: string
  fields: object
}

/** Keeps every line, for tests that do. */
export const createMemoryLog = (): Log & { lines: LogLine[] } => {
  const lines: LogLine[] = []
  const at = (level: LogLine['level']) => (fields: object, message: string) => {
    lines.push({ level, message, fields })
  }
  const log = {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => log,
  }
  return log
}
