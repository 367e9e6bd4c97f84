import { posix } from 'node:path'
import { EnvFileError, parseEnvFile, type Diagnostic } from '@keelson/compose'
import type { Tree } from '../tree/tree.ts'
import { isEnvFile, isExampleFile } from './read-env-files.ts'

/** Compose files of one folder that are read together. */
export type StackFiles = {
  folder: string
  /** In merge order. */
  files: readonly string[]
  isDefault: boolean
  /** Beside the default files: an overlay of them, or a stack of its own. Loading tells. */
  base?: readonly string[]
  /** Why the files cannot even be looked for. */
  faults?: readonly Diagnostic[]
}

/** In the order in which `docker compose` looks for them. */
const defaultNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
const overrideNames = [
  ...['compose.override.yml', 'compose.override.yaml'],
  ...['docker-compose.override.yml', 'docker-compose.override.yaml'],
]
/** `compose.prod.yml`, `docker-compose-tls.yaml`, `prod.compose.yml`. */
const composeName =
  /^(?:(?:docker-)?compose(?:[._-][\w.-]+)?|[\w-]+[.-](?:docker-)?compose)\.ya?ml$/i

const folderOf = (file: string): string => (file.includes('/') ? posix.dirname(file) : '')

/** Each way in which the compose files of the repository may be meant to be read. */
export const findStacks = async (tree: Tree): Promise<StackFiles[]> => {
  const named = tree.files.filter((file) => composeName.test(posix.basename(file)))
  const chosen = new Map<string, Chosen>()
  for (const file of tree.files.filter((one) => isEnvFile(one) && isExampleFile(one))) {
    const choice = await readChoice(tree, file)
    // One that does not fit is an example of something else.
    if (choice !== undefined && choice.faults === undefined) chosen.set(folderOf(file), choice)
  }
  for (const file of tree.files.filter((one) => posix.basename(one) === '.env')) {
    const choice = await readChoice(tree, file)
    if (choice !== undefined) chosen.set(folderOf(file), choice)
  }
  const byFolder = Map.groupBy(named.filter(isNoPart(chosen)), folderOf)
  for (const folder of chosen.keys()) if (!byFolder.has(folder)) byFolder.set(folder, [])
  return [...byFolder].flatMap(([folder, files]) => stacksOf(folder, files, chosen.get(folder)))
}

type Chosen = Pick<StackFiles, 'files' | 'faults'>

/** A file of another folder that is merged into a stack says half of it when it is read alone. */
const isNoPart =
  (chosen: ReadonlyMap<string, Chosen>) =>
  (file: string): boolean =>
    ![...chosen].some(([folder, { files }]) => folder !== folderOf(file) && files.includes(file))

/** The files that COMPOSE_FILE of a folder's `.env` names: those `docker compose` reads there. */
const readChoice = async (tree: Tree, file: string): Promise<Chosen | undefined> => {
  const text = await tree.read(file)
  if (text?.includes('COMPOSE_FILE') !== true) return undefined
  const variables = readVariables(text)
  const { value = '', line = 0 } = variables.get('COMPOSE_FILE') ?? {}
  const separator = variables.get('COMPOSE_PATH_SEPARATOR')?.value || ':'
  const names = value.split(separator).filter((name) => name !== '')
  if (names.length === 0) return undefined
  const paths = names.map((name) => ({ name, path: posix.join(folderOf(file), name) }))
  const faults = paths.flatMap(({ name, path }): Diagnostic[] => {
    const isOutside = name.startsWith('/') || path === '..' || path.startsWith('../')
    if (!isOutside && tree.has(path)) return []
    const message = isOutside
      ? `COMPOSE_FILE names ${name}, which is outside of the repository and not read`
      : `COMPOSE_FILE names ${name}, which is not there`
    const at = { file: posix.join(tree.root, file), line, column: 1 }
    const code = isOutside ? 'outside_folder' : 'no_file'
    return [{ severity: 'error', code, message, ...at }]
  })
  const files = paths.map(({ path }) => path)
  return faults.length === 0 ? { files } : { files, faults }
}

const readVariables = (text: string): ReadonlyMap<string, { value: string; line: number }> => {
  try {
    const { assignments } = parseEnvFile(text, () => undefined)
    return new Map(assignments.map(({ name, value, line }) => [name, { value: value ?? '', line }]))
  } catch (error) {
    // The loader refuses it with its line where a stack reads it.
    if (error instanceof EnvFileError) return new Map()
    throw error
  }
}

const stacksOf = (folder: string, files: readonly string[], chosen?: Chosen): StackFiles[] => {
  const named = (names: readonly string[]) => {
    const paths = names.map((name) => (folder === '' ? name : `${folder}/${name}`))
    return paths.find((path) => files.includes(path))
  }
  const main = named(defaultNames)
  const override = main === undefined ? undefined : named(overrideNames)
  const base = chosen?.files ?? [main, override].filter((file) => file !== undefined)
  const others = files.filter((file) => !base.includes(file))
  const stacks: StackFiles[] =
    base.length > 0 ? [{ ...chosen, folder, files: base, isDefault: true }] : []
  for (const file of others) {
    stacks.push(
      base.length > 0
        ? { folder, files: [file], isDefault: false, base }
        : { folder, files: [file], isDefault: false },
    )
  }
  return stacks
}

/** With files that somebody reads together, and exactly so, whatever they are called (`stack.yml`). */
export const withAsked = (
  stacks: readonly StackFiles[],
  asked: readonly (readonly string[])[],
): readonly StackFiles[] => asked.reduce(withOne, stacks)

const withOne = (
  stacks: readonly StackFiles[],
  files: readonly string[],
): readonly StackFiles[] => {
  const [first] = files
  if (first === undefined) return stacks
  const key = files.join('\0')
  const known = stacks.find(
    ({ base = [], files: own }) => own.join('\0') === key || [...base, ...own].join('\0') === key,
  )
  if (known?.isDefault === true) return stacks
  if (known !== undefined) {
    const exact = { folder: known.folder, files, isDefault: false }
    return stacks.map((one) => (one === known ? exact : one))
  }
  const folder = folderOf(first)
  const isDefault = !stacks.some((one) => one.folder === folder && one.isDefault)
  return [{ folder, files, isDefault }, ...stacks]
}
