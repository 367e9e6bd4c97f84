import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { usageError } from '../failure.ts'
import { completionScript, isShell } from '../completion/script.ts'
import { readTree } from '../completion/tree.ts'

/** Prints the completion script of a shell, made from the command tree itself. */
export const createCompletion =
  (program: Command) =>
  async (context: Context, _options: unknown, [shell = '']: readonly string[]): Promise<number> => {
    if (!isShell(shell)) {
      throw usageError(`There is no completion for ${shell}`, 'keelson completion bash|zsh|fish')
    }
    context.output.data(completionScript(shell, readTree(program)))
    return exitCodes.ok
  }
