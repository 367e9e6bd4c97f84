import { delimiter, dirname, join, resolve } from 'node:path'
import { EnvFileError, parseEnvFile } from './dotenv.ts'
import type { LoadOptions } from './load-options.ts'
import { refuse } from './load-files.ts'
import type { ReadText } from './read-text.ts'

const names = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
const overrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
]

/** The files a load starts from. Throws ComposeError when there is none. */
export async function findFiles(options: LoadOptions, readText: ReadText): Promise<string[]> {
  const given =
    options.files ??
    readComposeFileVariable(options.env) ??
    readComposeFileVariable(await readDotEnv(options, readText))
  const files =
    given !== undefined && given.length > 0
      ? given.map((file) => resolve(options.cwd, file))
      : await findDefaultFiles(options.cwd, readText, topOf(options))
  const [first] = files
  if (first === undefined) {
    const message = `no compose file in ${resolve(options.cwd)} or a folder above`
    throw refuse('no_file', options.cwd, message, 'name one, or create compose.yaml')
  }
  return files
}

/** A confined load looks for its files no further up than it may read. */
export function topOf({ cwd, confineTo }: LoadOptions): string | undefined {
  return confineTo === undefined ? undefined : resolve(cwd, confineTo)
}

/** `COMPOSE_FILE` may be set in the `.env` of the folder where the search starts. */
async function readDotEnv(options: LoadOptions, readText: ReadText) {
  const text = (await readText(resolve(options.cwd, '.env'))) ?? ''
  try {
    const { assignments } = parseEnvFile(text, (name) => options.env[name])
    return Object.fromEntries(assignments.map(({ name, value }) => [name, value]))
  } catch (error) {
    // a broken .env is reported when the project's own is read
    if (error instanceof EnvFileError) return {}
    throw error
  }
}

/**
 * The compose file of the folder, or of the nearest folder above, as `docker compose` looks for it;
 * with its override file when there is one. Empty when none is found, up to the folder `top`.
 */
async function findDefaultFiles(
  cwd: string,
  readText: ReadText,
  top: string | undefined,
): Promise<string[]> {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const file = await findFirst(folder, names, readText)
    if (file !== undefined) {
      const override = await findFirst(folder, overrideNames, readText)
      return override === undefined ? [file] : [file, override]
    }
    if (folder === dirname(folder) || folder === top) return []
  }
}

/** The files `COMPOSE_FILE` names; its separator is `:` (`;` on Windows). */
function readComposeFileVariable(
  env: Readonly<Record<string, string | undefined>>,
): string[] | undefined {
  const value = env['COMPOSE_FILE']
  if (value === undefined || value === '') return undefined
  return value.split(env['COMPOSE_PATH_SEPARATOR'] || delimiter).filter((file) => file !== '')
}

async function findFirst(folder: string, candidates: readonly string[], readText: ReadText) {
  for (const name of candidates) {
    const file = join(folder, name)
    if ((await readText(file)) !== undefined) return file
  }
  return undefined
}
