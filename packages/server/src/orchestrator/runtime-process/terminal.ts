import { execFile } from 'node:child_process'
import { readdir, readlink } from 'node:fs/promises'
import { AppError } from '../../kernel/errors.ts'
import { listProcesses } from './process-table.ts'
import { findSystemProgram } from './program.ts'

/**
 * script(1) of util-linux: it gives a command a terminal with nothing but pipes around it. That of
 * busybox and of BSD takes other options. Throws AppError('exec_failed').
 */
export const findTerminalProgram = async (): Promise<string> => {
  const program = await findSystemProgram('script')
  if (program !== undefined && (await outputOf(program, ['--version'])).includes('util-linux')) {
    return program
  }
  const message = 'A terminal needs script(1) of util-linux, which is not on this host'
  const hint = 'Install it (package bsdutils or util-linux), or run the command without a terminal.'
  throw new AppError('exec_failed', { message }, { hint })
}

/** Tells the terminal below a script(1) its size; what runs in it gets SIGWINCH from the kernel. */
export const resizeTerminal = async (
  scriptPid: number,
  { columns, rows }: { columns: number; rows: number },
): Promise<void> => {
  const device = await findTerminal(scriptPid)
  if (device === null) return
  await outputOf('stty', ['-F', device, 'rows', String(rows), 'cols', String(columns)])
}

/** The terminal of the first process that script(1) has started. */
const findTerminal = async (scriptPid: number): Promise<string | null> => {
  for (const { pid, parent } of await listProcesses()) {
    if (parent !== scriptPid) continue
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')
      if (target.startsWith('/dev/pts/')) return target
    }
  }
  return null
}

const outputOf = (program: string, args: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    execFile(program, args, { timeout: 5000 }, (_error, output) => resolve(output))
  })
