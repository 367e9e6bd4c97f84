import { hostname } from 'node:os'
import { facilities, localFacilities, severities, type SyslogConfig } from './schema.ts'

type Severity = SyslogConfig['successful_severity']

/** What Kong calls itself. */
const application = 'kong'
const firstLocal = 16

const numberOf = (facility: SyslogConfig['facility']): number => {
  const at = (facilities as readonly string[]).indexOf(facility)
  return at === -1 ? firstLocal + (localFacilities as readonly string[]).indexOf(facility) : at
}

/** Printable ASCII, and not more than fits (RFC 5424 6). */
const header = (text: string, most: number): string =>
  text.replace(/[^\x21-\x7e]/g, '').slice(0, most) || '-'

/** Makes messages of RFC 5424, or undefined for those below the level. */
export const messages = (config: SyslogConfig) => {
  const facility = numberOf(config.facility)
  const least = severities.indexOf(config.log_level)
  const who = `${header(hostname(), 255)} ${application} ${process.pid} - -`

  const severityOf = (status: number): Severity => {
    if (status >= 500) return config.server_errors_severity
    return status >= 400 ? config.client_errors_severity : config.successful_severity
  }
  return {
    /** Whether an answer of this status is told at all. */
    wants: (status: number): boolean => severities.indexOf(severityOf(status)) <= least,
    message: (status: number, at: Date, text: string): string => {
      const priority = facility * 8 + severities.indexOf(severityOf(status))
      return `<${priority}>1 ${at.toISOString()} ${who} ${text}`
    },
  }
}

/** With its length before it, so that a message may hold anything (RFC 6587 3.4.1). */
export const framed = (message: string): string => `${Buffer.byteLength(message)} ${message}`
