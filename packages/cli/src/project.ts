import type { Context } from './context.ts'
import { loadFiles, type LoadOptions } from './compose-files.ts'
import { faultOfDiagnostic, type Fault } from './failure.ts'
import { findKongFile, kongFileSpec } from './kong-file.ts'
import { platformPluginFolder, pluginFolderVariable } from './own-plugins.ts'
import { readingOf } from './spec/reading.ts'
import { readSources } from './spec/sources.ts'
import { stackSpecOf, type Conversion } from './spec/stack-spec.ts'

/**
 * Loads the compose files and makes the platform's form of them. Throws ComposeError and
 * CommandError with every fault and its place; nothing has been started by then.
 */
export const loadStack = async (
  context: Context,
  { demo = false, named = [] }: LoadOptions = {},
): Promise<Conversion> => {
  const project = await loadFiles(context, { demo, named })
  const kongFile = await findKongFile(project)
  const sources = [...project.sources, ...(kongFile === undefined ? [] : [kongFile])]
  const plugins = await platformPluginFolder(context)
  const gateway =
    kongFile === undefined ? undefined : await kongFileSpec(context, kongFile, project, plugins)
  const { spec, warnings } = stackSpecOf(project, await readSources(sources))
  const loaderWarnings: Fault[] = project.warnings.map(faultOfDiagnostic)
  const reading = await readingOf(context, { demo, named }, sources)
  Object.assign(reading.variables, ofShell(context.env, gateway?.environment))
  if (plugins !== undefined) reading.variables[pluginFolderVariable] = plugins
  return {
    spec: {
      ...spec,
      reading,
      demo: demo || spec.demo,
      ...(gateway === undefined ? {} : { gateway }),
    },
    warnings: [...loaderWarnings, ...warnings],
  }
}

/** Those that come from no file: files are read again, and may say something else then. */
const ofShell = (
  env: Context['env'],
  used: Readonly<Record<string, string>> = {},
): Record<string, string> =>
  Object.fromEntries(Object.entries(used).filter(([name]) => Object.hasOwn(env, name)))
