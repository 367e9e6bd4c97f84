import { readFileSync } from 'node:fs'

/** For what is open beside connections: files, listeners, the database. */
const reserved = 32

/** Idle clients need no connection to a service, and those to services are shared. */
const clientShare = 0.75

/**
 * How many clients there may be, so that descriptors are left for services: the system closes
 * what comes past the limit of open files without telling anybody, and a gateway that has none
 * left for services answers nobody. Several workers of one process share them evenly. Infinity where
 * the system does not say.
 */
export const clientsForDescriptors = (workers = 1): number => {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]
    if (soft === undefined) return Infinity
    return Math.max(1, Math.floor(((Number(soft) - reserved) * clientShare) / workers))
  } catch {
    return Infinity // not Linux
  }
}
