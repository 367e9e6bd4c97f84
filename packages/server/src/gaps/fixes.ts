import type { AuditAnswer, GapFixPreview, Stack } from '@keelson/contract'
import { AppError, messageOf } from '../kernel/errors.ts'
import type { AuditCommand } from './audit-command.ts'
import { folderFault } from './audited-folder.ts'
import type { Turns } from './turns.ts'

type FixesDeps = { command: AuditCommand; turns: Turns; dataDir: string; signal: AbortSignal }

/**
 * What would mend some findings. Throws stack_files_unreadable with the reason it cannot be said, and
 * previews_busy.
 */
export const previewFixes = async (
  stack: Stack,
  fingerprints: readonly string[],
  { command, turns, dataDir, signal }: FixesDeps,
): Promise<GapFixPreview> => {
  const fault = await folderFault(stack, dataDir)
  if (fault !== undefined) throw unreadable(stack, fault)
  const { workingDir: root, files } = stack
  const order = { root, files, fixes: fingerprints }
  const answer = await turns.ask(() =>
    command(order, signal).catch((error: unknown): AuditAnswer => ({
      kind: 'refused',
      reason: messageOf(error),
    })),
  )
  if (answer.kind === 'mended') return answer.preview
  throw unreadable(stack, answer.kind === 'refused' ? answer.reason : 'there was no answer')
}

const unreadable = ({ name }: Stack, reason: string): AppError =>
  new AppError(
    'stack_files_unreadable',
    { message: `What would mend ${name} cannot be said: ${reason}` },
    { hint: 'Run keelson gaps --fix in the folder of the stack: it reads the files as you.' },
  )
