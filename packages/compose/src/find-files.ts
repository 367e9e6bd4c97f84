import { delimiter, dirname, join, resolve } from 'node:path'
import type { ReadText } from './read-text.ts'

const names = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
const overrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
]

/**
 * The compose file of the folder, or of the nearest folder above, as `docker compose` looks for it;
 * with its override file when there is one. Empty when none is found.
 */
export async function findDefaultFiles(cwd: string, readText: ReadText): Promise<string[]> {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const file = await findFirst(folder, names, readText)
    if (file !== undefined) {
      const override = await findFirst(folder, overrideNames, readText)
      return override === undefined ? [file] : [file, override]
    }
    if (folder === dirname(folder)) return []
  }
}

/** The files `COMPOSE_FILE` names; its separator is `:` (`;` on Windows). */
export function readComposeFileVariable(
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
