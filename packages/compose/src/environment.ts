import { join } from 'node:path'
import type { Origin, Report } from './diagnostics.ts'
import { EnvFileError, parseEnvFile } from './dotenv.ts'
import type { ReadText } from './read-text.ts'

export type Variable = { value: string; origin: Origin }
/** What interpolation sees: the shell first, then env files. */
export type Environment = ReadonlyMap<string, Variable>

export type EnvironmentRequest = {
  /** The project folder, whose `.env` is read. */
  workingDir: string
  /** Files that take the place of `.env`; later ones win. Missing ones are errors. */
  envFiles: readonly string[] | undefined
  /** What wins over the files: the shell's variables, or those of the including project. */
  outer: Environment
  readText: ReadText
  report: Report
  /** Who names the files, when that is a compose file. */
  askedAt?: Origin
}

/** The shell's variables, which come from no file. */
export function readShell(shell: Readonly<Record<string, string | undefined>>): Environment {
  const variables = new Map<string, Variable>()
  for (const [name, value] of Object.entries(shell)) {
    if (value === undefined) continue
    const origin = { file: 'environment', line: 0, column: 0, note: `shell variable ${name}` }
    variables.set(name, { value, origin })
  }
  return variables
}

/** The outer variables over those of `.env` (or of the env files given instead). */
export async function readEnvironment(request: EnvironmentRequest): Promise<Environment> {
  const { outer, workingDir, report } = request
  const outerValue = (name: string) => outer.get(name)?.value
  const variables = new Map<string, Variable>()
  const values = new Map<string, string>()
  for (const file of request.envFiles ?? [join(workingDir, '.env')]) {
    const text = await request.readText(file)
    if (text === undefined) {
      if (request.envFiles === undefined) continue
      const at = request.askedAt ?? { file, line: 1, column: 1 }
      report.error('env_file_missing', at, `env file ${file} not found`)
      continue
    }
    try {
      for (const assignment of parseEnvFile(text, outerValue, values).assignments) {
        const { name, value, line, column } = assignment
        values.set(name, value)
        const origin = { file, line, column, note: `env file variable ${name}` }
        variables.set(name, { value, origin })
      }
    } catch (error) {
      if (!(error instanceof EnvFileError)) throw error
      report.error('bad_env_file', { file, line: error.line, column: 1 }, error.message)
    }
  }
  for (const [name, variable] of outer) variables.set(name, variable)
  return variables
}
