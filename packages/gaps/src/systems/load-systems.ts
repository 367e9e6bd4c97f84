import type { Diagnostic } from '@keelson/compose'
import type { FileFacts } from '../readers/reader.ts'
import type { Tree } from '../tree/tree.ts'
import { readVariables } from './compose-variables.ts'
import { findStacks, withAsked } from './find-stacks.ts'
import { loadModel } from './load-model.ts'
import { gatherFacts } from './gather-facts.ts'
import { createOwners, isWithin } from './owners.ts'
import { placesOf } from './places.ts'
import { readEnvFiles } from './read-env-files.ts'
import { readServices } from './read-services.ts'
import type { System } from './system.ts'

/** Compose files that cannot be loaded, with the reasons. */
export type Refused = {
  files: readonly string[]
  folder: string
  isDefault: boolean
  faults: readonly Diagnostic[]
}

/** More ways to read one repository are somebody's joke; a model costs up to half a second. */
const stackCountMax = 500

export const loadSystems = async (
  tree: Tree,
  facts: ReadonlyMap<string, FileFacts>,
  isLate: () => boolean,
  /** Compose files that somebody reads together, by whatever names. */
  asked: readonly string[] = [],
): Promise<{ systems: System[]; refused: Refused[] }> => {
  const stacks = withAsked(await findStacks(tree), asked)
  const folders = [...new Set(stacks.map(({ folder }) => folder))]
  const systems: System[] = []
  const refused: Refused[] = []
  const neighbours = () => systems.filter(({ isDefault }) => isDefault)
  for (const [index, stack] of stacks.entries()) {
    if (index >= stackCountMax || isLate()) {
      const left = `${stacks.length - index} stacks from here on`
      const why = isLate() ? `not read in time: ${left}` : `more than ${stackCountMax}: ${left}`
      tree.notes.push({ file: stack.files[0] ?? stack.folder, why })
      break
    }
    const loaded = await loadModel(tree, stack)
    if ('faults' in loaded) {
      refused.push({ folder: stack.folder, isDefault: stack.isDefault, ...loaded })
      continue
    }
    const { project, files } = loaded
    const otherFolders = folders.filter(
      (folder) => folder !== stack.folder && isWithin(folder, stack.folder),
    )
    const places = placesOf(project, tree.root)
    const services = await readServices({ tree, project, places, facts })
    const envFiles = await readEnvFiles(tree, stack.folder, services)
    const variables = await readVariables(tree, project, envFiles)
    const owners = createOwners(tree.root, project, services)
    systems.push({
      ...{ folder: stack.folder, name: project.name, files, isDefault: stack.isDefault },
      ...{ project, services, ...places, variables, envFiles, tree, otherFolders, neighbours },
      readings: () => systems.filter(({ folder }) => folder === stack.folder),
      ...gatherFacts({ folder: stack.folder, otherFolders, facts, owners, services }),
    })
  }
  return { systems, refused }
}
