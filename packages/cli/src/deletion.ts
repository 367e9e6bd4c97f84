import { askYes } from './ask-yes.ts'
import type { Context } from './context.ts'
import { exitCodes, type ExitCode } from './exit-code.ts'

export type DeleteOptions = { yes?: boolean }

type Deletion = {
  yes: boolean | undefined
  /** `the role on-call`, as the question names it. */
  what: string
  remove: () => Promise<unknown>
  /** What is told once it is done. */
  done: string
}

type Stream = { isTTY?: boolean }

/** Asks whoever sits at a terminal; a script, which nobody watches, has been told what to do. */
export const deleteAsked = async (
  { output }: Pick<Context, 'output'>,
  { what, yes = false, remove, done }: Deletion,
  input: NodeJS.ReadableStream & Stream = process.stdin,
): Promise<ExitCode> => {
  const isAsked = !yes && input.isTTY === true && output.stderr.isTTY
  if (isAsked && !(await askYes(`Delete ${what}? [y/N] `, input, output.stderr))) {
    output.message('Nothing was deleted')
    return exitCodes.failure
  }
  await remove()
  output.message(done)
  return exitCodes.ok
}
