import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { loadProject, type Project } from '@keelson/compose'
import type { Context } from './context.ts'
import { usageError } from './failure.ts'
import { demoFolder } from './paths.ts'

export type LoadOptions = {
  demo?: boolean
  /** Services that are asked for by name: their profiles are on. */
  named?: readonly string[]
  /** Nothing outside of this folder is read. */
  confineTo?: string
}

/**
 * Loads the compose files the options mean, or else those Compose would find: `COMPOSE_FILE`,
 * `COMPOSE_PROFILES` and `COMPOSE_PROJECT_NAME` count, and options win over them.
 */
export const loadFiles = async (
  { cwd, env, shared }: Context,
  { demo = false, named = [], confineTo }: LoadOptions = {},
): Promise<Project> => {
  if (demo && shared.files.length > 0) {
    throw usageError('--demo brings its own compose file', 'leave out --demo or --file')
  }
  return loadProject({
    cwd,
    env,
    named: [...named],
    ...(confineTo === undefined ? {} : { confineTo }),
    ...(demo ? { files: [await findDemoFile()] } : {}),
    ...(shared.files.length > 0 ? { files: [...shared.files] } : {}),
    ...(shared.profiles.length > 0 ? { profiles: [...shared.profiles] } : {}),
    ...(shared.envFiles.length > 0 ? { envFiles: [...shared.envFiles] } : {}),
    ...(shared.projectName === undefined ? {} : { projectName: shared.projectName }),
    ...(shared.projectFolder === undefined ? {} : { workingDir: shared.projectFolder }),
  })
}

const findDemoFile = async (): Promise<string> => {
  const file = join(demoFolder, 'compose.yaml')
  try {
    await access(file)
    return file
  } catch {
    throw usageError(
      `The demo stack is not here (${file})`,
      'run keelson from its repository, or in a folder with a compose file',
    )
  }
}
