import { usageError } from '../failure.ts'

export type ComposeFlags = {
  forceRecreate?: boolean
  recreate?: boolean
  removeOrphans?: boolean
  start?: boolean
}

/** Flags of `docker compose up` that mean nothing here: told with the way that leads there. */
export const refuseComposeFlags = (given: ComposeFlags): void => {
  if (given.forceRecreate === true) {
    throw usageError('up has no --force-recreate', 'keelson restart <service> makes new instances')
  }
  if (given.recreate === false) {
    throw usageError(
      'up has no --no-recreate',
      'keelson plan tells what would be replaced, and why',
    )
  }
  if (given.removeOrphans === true) {
    throw usageError('up needs no --remove-orphans', 'leave it out: what left the file is removed')
  }
  if (given.start === false) {
    throw usageError('up has no --no-start', 'keelson plan, or --scale <service>=0')
  }
}
