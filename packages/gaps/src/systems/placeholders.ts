import { posix } from 'node:path'
import { EnvFileError, listVariables, parseEnvFile } from '@keelson/compose'
import type { Tree } from '../tree/tree.ts'
import { isEnvFile, isExampleFile } from './read-env-files.ts'

type Values = Readonly<Record<string, string>>

/**
 * Values for variables that nobody gives one, for a stack that does not load without: first those
 * of its example env file, then ones that most fields can be read with.
 */
export const placeholdersFor = async (
  tree: Tree,
  folder: string,
  files: readonly string[],
): Promise<readonly Values[]> => {
  const given = await readEntries(tree, posix.join(folder, '.env'))
  const names = new Set<string>()
  for (const file of files) {
    const text = (await tree.read(file)) ?? ''
    for (const line of text.split('\n')) {
      if (!line.includes('$') || line.trimStart().startsWith('#')) continue
      for (const [name, use] of Object.entries(listVariables(line))) {
        if (use.default === undefined || use.default === '') names.add(name)
      }
    }
  }
  const open = [...names].filter((name) => (given[name] ?? '') === '')
  const examples = await readExamples(tree, folder)
  // Also of names that only an included file uses.
  const known = Object.fromEntries(
    Object.entries(examples).filter(([name, value]) => value !== '' && (given[name] ?? '') === ''),
  )
  if (open.length === 0 && Object.keys(known).length === 0) return []
  const madeUp = Object.fromEntries(open.map((name) => [name, guess(name)]))
  const one = Object.fromEntries(open.map((name) => [name, '1']))
  const attempts = [{ ...madeUp, ...known }, madeUp, one]
  return Object.keys(known).length === 0 ? attempts.slice(1) : attempts
}

const readExamples = async (tree: Tree, folder: string): Promise<Values> => {
  const own = tree.under(folder).filter((file) => {
    const name = posix.basename(file)
    const isHere = posix.dirname(file) === (folder === '' ? '.' : folder)
    return isHere && isEnvFile(name) && isExampleFile(name)
  })
  const found: Record<string, string> = {}
  for (const file of own) Object.assign(found, await readEntries(tree, file))
  return found
}

const readEntries = async (tree: Tree, file: string): Promise<Values> => {
  try {
    const { assignments } = parseEnvFile((await tree.read(file)) ?? '', () => undefined)
    return Object.fromEntries(assignments.map(({ name, value }) => [name, value ?? '']))
  } catch (error) {
    if (error instanceof EnvFileError) return {}
    throw error
  }
}

/** By what such names usually hold. */
const guess = (name: string): string => {
  if (/PORT|REPLICAS|COUNT|CPU|UID|GID|RETRIES/i.test(name)) return '1'
  if (/TIMEOUT|INTERVAL|PERIOD|DURATION|DELAY/i.test(name)) return '1s'
  if (/MEM|SIZE|SHM/i.test(name)) return '64m'
  if (/DIR|PATH|FILE|FOLDER|ROOT|VOLUME|HOME|DATA|STORAGE/i.test(name)) return './unknown'
  return /SUBNET|CIDR/i.test(name) ? '10.0.0.0/24' : 'unknown'
}
