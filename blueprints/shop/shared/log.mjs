/**
 * One JSON line per fact on stdout: a constant lower-case message, what happened in fields.
 * @param {string} service
 */
export const createLog = (service) => {
  const write = (level, message, fields) => {
    const line = { at: new Date().toISOString(), level, service, message, ...fields }
    process.stdout.write(`${JSON.stringify(line)}\n`)
  }
  // The reader of our output may go away; a shop goes on selling without one.
  process.stdout.on('error', () => {})
  return {
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  }
}
