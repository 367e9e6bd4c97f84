import type { Origin, Project, Service } from '@keelson/compose'
import { originsOf } from '@keelson/compose'
import type { Place } from '../place.ts'
import type { Tree } from '../tree/tree.ts'
import { repositoryPath, type Places } from './places.ts'
import type { BuildEvidence, VariableEvidence } from './system.ts'
import { stageOf } from './stage.ts'

type Parts = {
  tree: Tree
  project: Project
  places: Places
  name: string
  model: Service
  build: BuildEvidence | undefined
  isUnset: (path: string) => boolean
}

/** What the service finds in its environment: the Dockerfile's ENV under what compose gives it. */
export const readEnvironment = (parts: Parts): ReadonlyMap<string, VariableEvidence> => {
  const { build, model } = parts
  const found = new Map<string, VariableEvidence>()
  for (const [name, variable] of (build && stageOf(build)?.environment) ?? []) {
    found.set(name, { ...variable, name, from: 'dockerfile' })
  }
  for (const name of namesGiven(parts)) {
    const { at, from } = placeOfVariable(name, parts)
    const isKnown =
      Object.hasOwn(model.environment, name) &&
      !parts.isUnset(`services.${parts.name}.environment.${name}`)
    found.set(name, { ...at, name, value: isKnown ? model.environment[name] : undefined, from })
  }
  return found
}

/** With the names that take their value from the shell of whoever runs it (`- TOKEN`). */
const namesGiven = ({ project, model, name }: Parts): Iterable<string> => {
  const names = new Set(Object.keys(model.environment))
  let node = project.tree.entries.get('services')?.value
  for (const key of [name, 'environment']) {
    node = node?.kind === 'map' ? node.entries.get(key)?.value : undefined
  }
  if (node?.kind === 'map') for (const key of node.entries.keys()) names.add(key)
  return names
}

const placeOfVariable = (
  variable: string,
  { tree, project, places, name, model }: Parts,
): { at: Place; from: 'compose' | 'env file' } => {
  const origins = originsOf(project, `services.${name}.environment.${variable}`)
  // The item of `env_file` comes first, the line in the file after it.
  const inFile = origins.find(
    ({ file, note }) =>
      note === `env file variable ${variable}` && model.envFiles.some(({ path }) => path === file),
  )
  const origin = inFile ?? origins.find(isWhereItStands) ?? origins[0]
  if (origin === undefined) {
    return { at: places.place('services', name, 'environment'), from: 'compose' }
  }
  const { file, line, column } = origin
  const at = { file: repositoryPath(tree.root, file) ?? file, line, column }
  return { at, from: inFile === undefined ? 'compose' : 'env file' }
}

/** An alias, `<<` or `extends` is where a value is used; whoever looks for it wants its own line. */
const isWhereItStands = ({ note }: Origin): boolean =>
  note === undefined || note.startsWith('anchor ')
