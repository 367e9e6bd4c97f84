import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { loadProject, type Project } from '@keelson/compose'
import type { Context } from './context.ts'
import { usageError, faultOfDiagnostic, type Fault } from './failure.ts'
import { demoFolder } from './paths.ts'
import { readSources } from './spec/sources.ts'
import { stackSpecOf, type Conversion } from './spec/stack-spec.ts'

type LoadOptions = {
  demo?: boolean
  /** Services that are asked for by name: their profiles are on. */
  named?: readonly string[]
}

/**
 * Loads the compose files the options mean, or else those Compose would find: `COMPOSE_FILE`,
 * `COMPOSE_PROFILES` and `COMPOSE_PROJECT_NAME` count, and options win over them.
 */
export const loadFiles = async (
  { cwd, env, shared }: Context,
  { demo = false, named = [] }: LoadOptions = {},
): Promise<Project> => {
  if (demo && shared.files.length > 0) {
    throw usageError('--demo brings its own compose file', 'leave out --demo or --file')
  }
  return loadProject({
    cwd,
    env,
    named: [...named],
    ...(demo ? { files: [await findDemoFile()] } : {}),
    ...(shared.files.length > 0 ? { files: [...shared.files] } : {}),
    ...(shared.profiles.length > 0 ? { profiles: [...shared.profiles] } : {}),
    ...(shared.envFiles.length > 0 ? { envFiles: [...shared.envFiles] } : {}),
    ...(shared.projectName === undefined ? {} : { projectName: shared.projectName }),
    ...(shared.projectFolder === undefined ? {} : { workingDir: shared.projectFolder }),
  })
}

/**
 * Loads the compose files and makes the platform's form of them. Throws ComposeError and
 * CommandError with every fault and its place; nothing has been started by then.
 */
export const loadStack = async (
  context: Context,
  { demo = false, named = [] }: LoadOptions = {},
): Promise<Conversion> => {
  const project = await loadFiles(context, { demo, named })
  const { spec, warnings } = stackSpecOf(project, await readSources(project.sources))
  const loaderWarnings: Fault[] = project.warnings.map(faultOfDiagnostic)
  return {
    spec: demo ? { ...spec, demo: true } : spec,
    warnings: [...loaderWarnings, ...warnings],
  }
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
