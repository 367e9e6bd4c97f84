import type { Diagnostic, Project } from '@keelson/compose'
import type { FileFacts } from '../readers/reader.ts'
import type { Tree } from '../tree/tree.ts'
import { readVariables } from './compose-variables.ts'
import { findStacks, withAsked } from './find-stacks.ts'
import { loadModel } from './load-model.ts'
import { gatherFacts } from './gather-facts.ts'
import { createOwners, isWithin } from './owners.ts'
import { placesOf, repositoryPath } from './places.ts'
import { readEnvFiles, readIgnored } from './read-env-files.ts'
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

/**
 * Services, and ports beyond one for each, of all readings together: one takes 15 to 80 kB with
 * what is found of it, and 300 overlays of 300 services are 90,000.
 */
const partCountMax = 5_000

export const loadSystems = async (
  tree: Tree,
  facts: ReadonlyMap<string, FileFacts>,
  isLate: () => boolean,
  /** Compose files that somebody reads together, by whatever names: a list for each stack. */
  asked: readonly (readonly string[])[] = [],
): Promise<{ systems: System[]; refused: Refused[] }> => {
  const stacks = withAsked(await findStacks(tree), asked)
  const folders = [...new Set(stacks.map(({ folder }) => folder))]
  const systems: System[] = []
  const refused: Refused[] = []
  const neighbours = () => systems.filter(({ isDefault }) => isDefault)
  let partCount = 0
  for (const [index, stack] of stacks.entries()) {
    const cause = whyNoMore(index, partCount, isLate())
    if (cause !== undefined) {
      const why = `${cause}: ${stacks.length - index} stacks from here on`
      tree.notes.push({ file: stack.files[0] ?? stack.folder, why })
      break
    }
    const isBaseRefused =
      stack.base !== undefined &&
      refused.some((one) => one.isDefault && one.folder === stack.folder)
    const loaded = await loadModel(tree, stack, isBaseRefused)
    if (loaded === undefined) {
      const why = `it is read on top of ${stack.base?.join(' and ')}, which cannot be loaded`
      tree.notes.push({ file: stack.files[0] ?? stack.folder, why })
      continue
    }
    if ('faults' in loaded) {
      refused.push({ folder: stack.folder, isDefault: stack.isDefault, ...loaded })
      continue
    }
    const { project, files } = loaded
    partCount += countParts(project)
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
      isIgnored: await readIgnored(tree, stack.folder),
      readings: () => systems.filter(({ folder }) => folder === stack.folder),
      ...gatherFacts({ folder: stack.folder, otherFolders, facts, owners, services }),
    })
  }
  const parts = new Set(systems.filter((one) => systems.some((other) => isPart(one, other))))
  return { systems: systems.filter((one) => !parts.has(one)), refused }
}

const whyNoMore = (index: number, partCount: number, isLate: boolean): string | undefined => {
  if (isLate) return 'not read in time'
  if (index >= stackCountMax) return `more than ${stackCountMax}`
  return partCount > partCountMax ? `more than ${partCountMax} services and ports read` : undefined
}

const countParts = ({ services }: Project): number =>
  Object.values(services).reduce((sum, { ports }) => sum + Math.max(1, ports.length), 0)

/** Included whole by a stack of a folder above, from where its paths and services are right. */
const isPart = (one: System, other: System): boolean =>
  one !== other &&
  other.isDefault &&
  other.folder !== one.folder &&
  (other.folder === '' || isWithin(one.folder, other.folder)) &&
  one.files.every((file) =>
    other.project.sources.some((source) => repositoryPath(one.tree.root, source) === file),
  ) &&
  [...one.services.keys()].every((name) => other.services.has(name))
