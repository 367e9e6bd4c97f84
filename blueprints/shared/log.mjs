/**
 * One JSON line per fact on stdout: a constant lower-case message, what happened in fields.
 * @param {string} service
 * @param {(line: object) => void} [onLine] gets each line too
 */
export const createLog = (service, onLine) => {
  const write = (level, message, fields) => {
    const line = { at: new Date().toISOString(), level, service, message, ...fields }
    process.stdout.write(`${JSON.stringify(line)}\n`)
    onLine?.(line)
  }
  // The reader of our output may go away; a service goes on without one.
  process.stdout.on('error', () => {})
  return {
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  }
}
