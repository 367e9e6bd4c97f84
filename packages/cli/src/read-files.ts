import { text } from 'node:stream/consumers'
import type { ProblemDetail, Reading, StackSpec } from '@keelson/contract'
import { failureOf, type Fault } from './failure.ts'
import { createOutput, flush } from './output.ts'
import { loadStack } from './project.ts'

/** What the platform is answered, as one line of JSON. */
export type FilesRead =
  | { kind: 'read'; spec: StackSpec; warnings: ProblemDetail[] }
  | { kind: 'refused'; code: string; faults: ProblemDetail[] }

/**
 * The platform's way to the files of a stack (`keelson __read`): how they are to be read comes in,
 * the stack goes out. A process of its own, because a file may be as large as the loader allows, and
 * because what a file means is decided in one place, here.
 */
const readFiles = async (reading: Reading): Promise<FilesRead> => {
  const { cwd, files, envFiles, profiles, projectName, projectFolder, variables } = reading
  const output = createOutput({ env: {}, color: false, quiet: true })
  const shared = { files, envFiles, profiles, projectName, projectFolder, json: true, quiet: true }
  const context = { cwd, env: variables, dataFolder: '', output, shared }
  try {
    const { spec, warnings } = await loadStack(context, reading)
    return { kind: 'read', spec: { ...spec, reading }, warnings: warnings.map(detailOf) }
  } catch (error) {
    const { code, faults } = failureOf(error)
    return { kind: 'refused', code, faults: faults.map(detailOf) }
  }
}

const detailOf = ({ message, place, hint }: Fault): ProblemDetail => ({
  message,
  ...(place === undefined ? {} : { origin: place }),
  ...(hint === undefined ? {} : { hint }),
})

/** Answers once, on standard output. */
export const answerReading = async (): Promise<void> => {
  const reading = JSON.parse(await text(process.stdin)) as Reading
  process.stdout.write(JSON.stringify(await readFiles(reading)))
  await flush(process.stdout)
}
