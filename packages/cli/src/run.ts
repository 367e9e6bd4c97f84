import { CommanderError, type Command } from 'commander'
import { exitCodes } from './exit-code.ts'
import type { Failure } from './failure.ts'
import { createOutput, endWhenReaderLeaves, flush } from './output.ts'
import { createProgram } from './program.ts'

type RunOptions = {
  /** Changes the command tree before it is used: the published command has no platform. */
  prepare?: (program: Command) => void
}

/** Runs one command line and ends the process with its exit code. */
export const run = async (argv: readonly string[], options: RunOptions = {}): Promise<void> => {
  endWhenReaderLeaves()
  const exitCode = await exitCodeOfRun(argv, options)
  await flush(process.stdout, process.stderr)
  process.exit(exitCode)
}

const exitCodeOfRun = async (argv: readonly string[], options: RunOptions): Promise<number> => {
  let exitCode: number = exitCodes.ok
  const program = createProgram((code) => {
    exitCode = code
  })
  options.prepare?.(program)
  try {
    await program.parseAsync(argv)
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said it; help and version end with 0.
      return error.exitCode === 0 ? exitCodes.ok : exitCodes.badInput
    }
    // Read only now: the contract's schemas cost 100 ms, which help and completion need not pay.
    const { failureOf, formatFailure } = await import('./failure.ts')
    const failure = failureOf(error)
    const output = createOutput({
      env: process.env,
      color: !argv.includes('--no-color'),
      quiet: false,
    })
    const text = argv.includes('--json')
      ? JSON.stringify({ error: failureJson(failure) })
      : formatFailure(failure, process.cwd(), output.messageColors)
    output.alarm(text)
    return failure.exitCode
  }
}

const failureJson = ({ code, exitCode, faults }: Failure) => ({
  code,
  exitCode,
  faults: faults.map(({ message, place, hint }) => ({ message, ...place, hint })),
})
