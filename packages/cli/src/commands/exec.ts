import type { ExecRequest } from '@keelson/contract'
import type { Context } from '../context.ts'
import { defined } from '../defined.ts'
import { runSession } from '../exec/session.ts'
import { createTerminal } from '../exec/terminal.ts'
import { getRunning } from '../platform.ts'
import { findPlace, serviceCall } from '../scope.ts'
import { listenForInterrupt } from '../up/interrupt.ts'

export type ExecOptions = {
  tty?: boolean
  env?: Record<string, string>
  user?: string
  workdir?: string
  index?: number
}

/** Runs a command inside a running instance; its exit code is that of this command. */
export const exec = async (
  context: Context,
  { tty, env = {}, user, workdir, index }: ExecOptions,
  [name = '', ...command]: readonly string[],
): Promise<number> => {
  const platform = await getRunning(context)
  const stack = await findPlace(context, platform, [name])
  const { id } = await platform.call('getService', serviceCall(name, stack))
  const terminal = createTerminal(tty)
  const request: ExecRequest = {
    mode: 'exec',
    command,
    tty: terminal.size,
    environment: env,
    ...defined({ user, workingDir: workdir, index }),
  }
  const interrupt = listenForInterrupt()
  try {
    return await runSession({ platform, service: id, request, terminal, signal: interrupt.signal })
  } finally {
    interrupt.release()
  }
}
