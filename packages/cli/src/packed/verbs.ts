import type { Command } from 'commander'
import { usageError } from '../failure.ts'

/** Verbs that read files and nothing else. */
export const offlineVerbs: ReadonlySet<string> = new Set([
  ...['gaps', 'config', 'version', 'completion', 'help'],
])

/**
 * The other verbs are known, and say how to get what they need: the platform brings a PostgreSQL
 * and a Node of its own, which no package of a few megabytes can.
 */
export const refusePlatformVerbs = (program: Command, offline: ReadonlySet<string>): void => {
  for (const command of program.commands) {
    if (offline.has(command.name())) continue
    command.description(`${command.description()} (needs the platform)`)
    for (const one of [command, ...command.commands]) {
      one.allowUnknownOption().allowExcessArguments()
      one.action(() => {
        throw usageError(
          `keelson ${command.name()} needs the Keelson platform, which this package leaves out`,
          'clone the Keelson repository and run npm start there: it brings the whole command',
        )
      })
    }
  }
}
