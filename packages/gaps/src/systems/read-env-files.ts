import { posix } from 'node:path'
import { EnvFileError, parseEnvFile } from '@keelson/compose'
import type { Tree } from '../tree/tree.ts'
import { repositoryPath } from './places.ts'
import type { EnvFileEvidence, ServiceEvidence } from './system.ts'

const envName =
  /^(?:\.env(?:[._-][\w.-]+)?|[\w.-]+\.env|env[._-](?![\w.-]*\.(?:[cm]?[jt]sx?|py|sh|go|rb|php|java|cs|md|ya?ml|json|toml)$)[\w.-]+)$/
const exampleName = /(?:^|[._-])(?:example|sample|template|dist|tmpl|defaults?)(?:[._-]|$)/i

export const isEnvFile = (file: string): boolean => envName.test(posix.basename(file))
export const isExampleFile = (file: string): boolean => exampleName.test(posix.basename(file))

/** The env files of a stack: those of its folder, and those its services name. */
export const readEnvFiles = async (
  tree: Tree,
  folder: string,
  services: ReadonlyMap<string, ServiceEvidence>,
): Promise<readonly EnvFileEvidence[]> => {
  const named = new Map<string, string[]>()
  for (const { name, model } of services.values()) {
    for (const { path } of model.envFiles) {
      const file = repositoryPath(tree.root, path)
      if (file !== undefined) named.set(file, [...(named.get(file) ?? []), name])
    }
  }
  const own = tree
    .under(folder)
    .filter((file) => (folder === '' ? '.' : folder) === posix.dirname(file) && isEnvFile(file))
  const files = new Set([
    ...own,
    ...[...named.keys()].filter((file) => tree.sizeOf(file) !== undefined),
  ])
  const ignored = await readIgnored(tree, folder)
  const found: EnvFileEvidence[] = []
  for (const file of files) {
    const text = await tree.read(file)
    if (text === undefined) continue
    const isExample = isExampleFile(file)
    const entries = readEntries(file, text)
    found.push({
      ...{ file, isExample, isIgnored: ignored(file), services: named.get(file) ?? [] },
      entries: isExample ? [...entries, ...readOffered(file, text)] : entries,
    })
  }
  return found
}

/** By the .gitignore files from the root to the stack: the last line that matches decides. */
export const readIgnored = async (
  tree: Tree,
  folder: string,
): Promise<(file: string) => boolean> => {
  const rules: { folder: string; pattern: string; isKept: boolean }[] = []
  for (const at of ancestors(folder)) {
    const text = await tree.read(posix.join(at, '.gitignore'))
    for (const line of text?.split('\n').slice(0, 1000) ?? []) {
      const written = line.trim()
      if (written === '' || written.startsWith('#') || written.length > 200) continue
      const isKept = written.startsWith('!')
      rules.push({ folder: at, pattern: written.replace(/^!/, '').replace(/\/$/, ''), isKept })
    }
  }
  return (file) => rules.findLast((rule) => matches(rule, file))?.isKept === false
}

const ancestors = (folder: string): string[] => {
  const names = folder === '' ? [] : folder.split('/')
  return ['', ...names.map((_, index) => names.slice(0, index + 1).join('/'))]
}

/** A pattern without a slash is a name at any depth; one with a slash is a path from its folder. */
const matches = (rule: { folder: string; pattern: string }, file: string): boolean => {
  const inFolder = rule.folder === '' ? file : file.slice(rule.folder.length + 1)
  if (rule.folder !== '' && !file.startsWith(`${rule.folder}/`)) return false
  const pattern = rule.pattern.replace(/^\*\*\//, '')
  return pattern.includes('/')
    ? posix.matchesGlob(inFolder, pattern.replace(/^\//, ''))
    : inFolder.split('/').some((name) => posix.matchesGlob(name, pattern))
}

/** What an example offers in a comment, to be switched on: `# API_KEY=`. */
const readOffered = (file: string, text: string): EnvFileEvidence['entries'] =>
  text.split('\n').flatMap((row, index) => {
    const name = /^\s{0,20}#+\s{0,20}(?:export )?([A-Z_][A-Z0-9_]{1,99})=/.exec(row)?.[1]
    const at = { file, line: index + 1, column: 1 }
    return name === undefined ? [] : [{ ...at, name, value: undefined, isOffered: true }]
  })

const readEntries = (file: string, text: string): EnvFileEvidence['entries'] => {
  try {
    return parseEnvFile(text, () => undefined).assignments.map(({ name, value, line }) => ({
      ...{ file, line, column: 1, name, value },
    }))
  } catch (error) {
    // The loader has refused it already, with its line, where a stack reads it.
    if (error instanceof EnvFileError) return []
    throw error
  }
}
