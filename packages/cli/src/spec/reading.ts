import { readFile } from 'node:fs/promises'
import type { Reading } from '@keelson/contract'
import type { Context } from '../context.ts'
import { defined } from '../defined.ts'

/** Read by the loader itself, whether a file names them or not. */
const ownVariables = [
  'COMPOSE_FILE',
  'COMPOSE_PATH_SEPARATOR',
  'COMPOSE_PROFILES',
  'COMPOSE_PROJECT_NAME',
  'COMPOSE_ENV_FILES',
  'HOME',
]
const word = /[A-Za-z_][A-Za-z0-9_]*/g

/**
 * How a stack was read, so that the platform can have its files read again in the same way. Of the
 * shell it keeps what a file that was read names in any form (`${A}`, `- A`, `A:`): no other variable
 * can have had a part in it.
 */
export const readingOf = async (
  { cwd, env, shared }: Pick<Context, 'cwd' | 'env' | 'shared'>,
  { demo, named }: { demo: boolean; named: readonly string[] },
  sources: readonly string[],
): Promise<Reading> => {
  const names = new Set(ownVariables)
  for (const file of sources) {
    const text = await readFile(file, 'utf8').catch(() => '')
    for (const [name] of text.matchAll(word)) names.add(name)
  }
  return {
    cwd,
    files: [...shared.files],
    envFiles: [...shared.envFiles],
    profiles: [...shared.profiles],
    named: [...named],
    demo,
    variables: Object.fromEntries(
      [...names].sort().flatMap((name) => {
        const value = Object.hasOwn(env, name) ? env[name] : undefined
        return value === undefined ? [] : [[name, value]]
      }),
    ),
    ...defined({ projectName: shared.projectName, projectFolder: shared.projectFolder }),
  }
}
