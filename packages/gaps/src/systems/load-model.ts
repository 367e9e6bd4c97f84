import { join } from 'node:path'
import { ComposeError, loadProject, type Diagnostic, type Project } from '@keelson/compose'
import type { Tree } from '../tree/tree.ts'
import type { StackFiles } from './find-stacks.ts'
import { placeholdersFor } from './placeholders.ts'

export type Loaded =
  | { files: readonly string[]; project: Project }
  | { files: readonly string[]; faults: readonly Diagnostic[] }

/** What more than this belongs to is no small team's; a rule may look at each beside each. */
const serviceCountMax = 2_000

/**
 * The model of a stack with every profile on. Nothing of the machine's environment goes in: the
 * same repository gives the same findings everywhere. Env files and required variables that are
 * missing are no end: they are findings of their own. Undefined for what needs a base that was
 * refused: half of a stack shows gaps that are none.
 */
export const loadModel = async (
  tree: Tree,
  stack: StackFiles,
  isBaseRefused = false,
): Promise<Loaded | undefined> => {
  if (stack.faults !== undefined) return { files: stack.files, faults: stack.faults }
  const alone = await loadAnyway(tree, stack.folder, stack.files)
  const standsAlone =
    'project' in alone && isWhole(alone.project) && !(await takesBack(tree, stack.files))
  if (stack.base === undefined || standsAlone) return alone
  if (isBaseRefused && 'project' in alone) return undefined
  const files = [...stack.base, ...stack.files]
  const merged = await loadAnyway(tree, stack.folder, files)
  return 'project' in merged || 'faults' in alone ? merged : alone
}

/**
 * A value that comes from a shell is empty here, and an empty port cannot be read: then once more
 * with stand-ins, whose origin (`environment`, line 0) says that they are nobody's values.
 */
const loadAnyway = async (
  tree: Tree,
  folder: string,
  files: readonly string[],
): Promise<Loaded> => {
  const plain = await load(tree, folder, files, {})
  if ('project' in plain) return plain
  for (const env of await placeholdersFor(tree, folder, files)) {
    const again = await load(tree, folder, files, env)
    if ('project' in again) return again
  }
  return plain
}

const load = async (
  tree: Tree,
  folder: string,
  files: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Loaded> => {
  try {
    const project = await loadProject({
      cwd: join(tree.root, folder),
      files: files.map((file) => join(tree.root, file)),
      env: { ...env, HOME: '/home/user', PWD: join(tree.root, folder) },
      profiles: ['*'],
      consistency: 'warning',
      missing: 'warning',
      confineTo: tree.root,
      texts: tree.overlaid,
      limits: { serviceCountMax },
    })
    // Half of a service is elsewhere: nothing that is said of the other half would be true.
    const faults = project.warnings.filter(
      ({ code, message }) => code === 'outside_folder' && /^(?:include|extends)/.test(message),
    )
    return faults.length === 0 ? { files, project } : { files, faults }
  } catch (error) {
    if (!(error instanceof ComposeError)) throw error
    return { files, faults: error.diagnostics.filter(({ severity }) => severity === 'error') }
  }
}

/** Can it stand alone? An overlay has services that say neither what to run nor how to build it. */
const isWhole = ({ services }: Project): boolean =>
  Object.values(services).every(
    ({ image, build, provider, runtime }) =>
      image !== undefined || build !== undefined || provider !== undefined || runtime === 'process',
  )

/** `!reset` and `!override` speak of what another file says. */
const takesBack = async (tree: Tree, files: readonly string[]): Promise<boolean> => {
  const texts = await Promise.all(files.map((file) => tree.read(file)))
  return texts.some((text) => /^[^#\n]{0,200}[:-] +!(?:reset|override)\b/m.test(text ?? ''))
}
