import type { System, VariableEvidence } from '../../systems/system.ts'
import { listWritten, type Written } from './secrets.ts'

/** A password that stands in an address. */
export type InAddress = Written & { user: string; host: string }

const address =
  /^(?:jdbc:)?[a-z][a-z0-9+.-]{1,30}:\/\/([^\s:/@?#]{0,100}):([^\s/@]{1,200})@(\[[0-9a-f:.]{2,45}\]|[\w.-]{1,253})/i

/** Addresses with a password that is written in the repository; each once, with who gets it. */
export const listInAddresses = (system: System): InAddress[] =>
  listWritten(system).flatMap((written) => {
    if (written.value.length > 4000) return []
    const [, user = '', raw, host] = address.exec(written.value) ?? []
    const value = raw === undefined ? undefined : decoded(raw)
    if (value === undefined || host === undefined) return []
    return isFromElsewhere(system, written, value) ? [] : [{ ...written, value, user, host }]
  })

/** `postgres://app:${DB_PASSWORD}@db`: written where the variable is. */
const isFromElsewhere = (
  { variables }: System,
  { file, line }: Pick<VariableEvidence, 'file' | 'line'>,
  password: string,
): boolean =>
  variables.some(
    ({ at, given }) => at.file === file && at.line === line && given?.value === password,
  )

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
