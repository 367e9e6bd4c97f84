import { AppError } from '../errors.ts'
import { diskFull } from './cluster.ts'
import type { Layout } from './layout.ts'
import { readLogSince } from './log-file.ts'
import { portTaken } from './port.ts'
import type { Postmaster, PostmasterExit } from './postmaster.ts'

/** Why a server that was started is not running, from its own words. */
export type Failure = {
  /**
   * `busy` passes by itself: processes of a killed server still end. `port` may be cured by
   * another port. The rest needs a person, or time.
   */
  readonly kind: 'busy' | 'port' | 'other'
  readonly error: AppError
}

export const explainFailure = async (
  layout: Layout,
  postmaster: Postmaster,
  exit: PostmasterExit | undefined,
): Promise<Failure> => {
  const text = await readLogSince(layout.logFile, postmaster.logOffsetBytes)
  const { clusterDir, logFile } = layout
  if (/could not bind IPv4 address|could not create any TCP\/IP sockets/.test(text)) {
    return { kind: 'port', error: await portTaken(postmaster.port) }
  }
  if (isDiskFull(text)) return { kind: 'other', error: await diskFull(clusterDir) }
  const reason = lastComplaint(text) ?? howItEnded(exit)
  if (/wrong ownership|invalid permissions|Permission denied/.test(reason)) {
    const details = { folder: clusterDir, reason }
    return { kind: 'other', error: new AppError('postgres_folder_owner', details) }
  }
  const message = `The embedded PostgreSQL does not start: ${reason} (see ${logFile})`
  const error = new AppError('postgres_unavailable', { message, reason, logFile })
  const busy = /pre-existing shared memory block|lock file ".*" already exists/.test(reason)
  return { kind: busy ? 'busy' : 'other', error }
}

/** Shared memory that does not fit into /dev/shm has the same words and is no full disk. */
const isDiskFull = (text: string): boolean =>
  text
    .split('\n')
    .some((line) => /No space left on device|Disk quota/.test(line) && !/shared mem/.test(line))

/** The last line in which the server gave up, without its time and pid. */
const lastComplaint = (text: string): string | undefined =>
  text
    .split('\n')
    .filter((line) => /(FATAL|PANIC):|error while loading/.test(line))
    .at(-1)
    ?.replace(/^.*?(?=FATAL:|PANIC:|error while)/, '')
    .slice(0, 500)

export const howItEnded = (exit: PostmasterExit | undefined): string => {
  if (exit?.signal !== undefined) return `it was ended by ${exit.signal}`
  if (exit?.code !== undefined) return `it exited with code ${exit.code}`
  return exit === undefined ? 'it took too long' : 'it exited'
}
