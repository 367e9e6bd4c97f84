import type { Command } from 'commander'
import { parseCount, parseSince, type Add, type Handle } from './options.ts'

/** Who did what. */
export const addAuditCommands = (add: Add, handle: Handle): void => {
  const audit = add('audit', 'who did what, and whether all of it is still there')

  filtered(add('list', 'list what was done, newest first', undefined, audit))
    .option('-n, --limit <rows>', 'how many (50)', parseCount)
    .action(handle(async () => (await import('../commands/audit.ts')).list))

  filtered(add('export', 'write all of it as JSON lines or CSV', undefined, audit))
    .option('--format <format>', 'jsonl (default) or csv')
    .option('-o, --output <path>', 'write to a file that is not there yet')
    .option('--force', 'write over the file of --output')
    .action(handle(async () => (await import('../commands/audit.ts')).exportRows))

  add('verify', 'find every edit, deletion and reorder', undefined, audit).action(
    handle(async () => (await import('../commands/audit.ts')).verify),
  )
}

const filtered = (command: Command): Command =>
  command
    .option('--actor <name>', 'who did it')
    .option('--action <action>', 'as stack.applied')
    .option('--object <kind:name>', 'as service:shop/web or user:ana')
    .option('--outcome <outcome>', 'done, denied or failed')
    .option('--address <address>', 'where it came from')
    .option(
      '--from <time>',
      'not before a time (2026-11-30T12:00:00Z) or an age (10m, 7d)',
      parseSince,
    )
    .option('--until <time>', 'before it', parseSince)
    .option('--contains <text>', 'anywhere in the row')
