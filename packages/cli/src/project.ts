import type { Context } from './context.ts'
import { loadFiles, type LoadOptions } from './compose-files.ts'
import { faultOfDiagnostic, type Fault } from './failure.ts'
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
  const { spec, warnings } = stackSpecOf(project, await readSources(project.sources))
  const loaderWarnings: Fault[] = project.warnings.map(faultOfDiagnostic)
  const reading = await readingOf(context, { demo, named }, project.sources)
  return {
    spec: { ...spec, reading, demo: demo || spec.demo },
    warnings: [...loaderWarnings, ...warnings],
  }
}
