import type { GatewayChange, GatewayDiff } from '@keelson/contract'
import type { Context } from '../../context.ts'
import { exitCodes, type ExitCode } from '../../exit-code.ts'
import { CommandError } from '../../failure.ts'
import { oneLine } from '../../text.ts'

const marks = { created: '+', updated: '~', deleted: '-' } as const
const valueLengthMax = 60

/** What a configuration changes, one line for each object and field. */
export const printDiff = ({ output, shared }: Context, diff: GatewayDiff): void => {
  if (shared.json) return output.data(JSON.stringify(diff, null, 2))
  for (const change of diff.changes) for (const line of linesOf(change)) output.data(line)
  if (diff.more > 0) output.data(`… and ${diff.more} more`)
  if (diff.changes.length === 0) output.data('Nothing changes.')
  for (const note of diff.notes) output.message(note)
}

/** Throws CommandError (exit code 2) with every mistake of the file. */
export const refuseFaults = ({ faults }: GatewayDiff, file: string): void => {
  if (faults.length === 0) return
  throw new CommandError(
    'gateway_config_invalid',
    exitCodes.badInput,
    faults.map(({ line, column, entity, message, hint }) => ({
      message: entity === '' ? message : `${entity}: ${message}`,
      place: { file, line, column },
      ...(hint === null ? {} : { hint }),
    })),
  )
}

export const exitCodeOfDiff = ({ changes }: GatewayDiff): ExitCode =>
  changes.length === 0 ? exitCodes.ok : exitCodes.differences

const linesOf = ({ change, kind, name, fields }: GatewayChange): string[] => [
  `${marks[change]} ${kind} ${name}`,
  ...fields.map(({ path, before, after }) => `    ${path}: ${shown(before)} → ${shown(after)}`),
]

const shown = (value: unknown): string => {
  const text = oneLine(JSON.stringify(value) ?? 'nothing')
  return text.length > valueLengthMax ? `${text.slice(0, valueLengthMax - 1)}…` : text
}
