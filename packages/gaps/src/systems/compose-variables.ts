import { posix } from 'node:path'
import { listVariables, type Project } from '@keelson/compose'
import type { Place } from '../place.ts'
import type { Tree } from '../tree/tree.ts'
import { repositoryPath } from './places.ts'
import type { ComposeVariable, EnvFileEvidence } from './system.ts'

const reference = /\$(?:\{([A-Za-z_]\w*)|([A-Za-z_]\w*))/g
const withDefault = /\$\{([A-Za-z_]\w*):?[-+]/g

/** Each use of a variable in the compose files, with its default and what gives it a value. */
export const readVariables = async (
  tree: Tree,
  project: Project,
  envFiles: readonly EnvFileEvidence[],
): Promise<readonly ComposeVariable[]> => {
  const given = new Map(
    envFiles
      .filter(({ services, isExample }) => services.length === 0 && !isExample)
      .filter(({ file }) => file === '.env' || file.endsWith('/.env'))
      .flatMap(({ entries }) => entries.map((entry) => [entry.name, entry] as const)),
  )
  const named = await readScripts(tree, project)
  const found: ComposeVariable[] = []
  for (const path of project.sources) {
    const file = repositoryPath(tree.root, path)
    if (file === undefined || !/\.ya?ml$/.test(file)) continue
    const lines = ((await tree.read(file)) ?? '').split('\n')
    for (const [index, line] of lines.entries()) {
      const code = line.replace(/(^|\s)#.*$/, '$1').replaceAll('$$', '  ')
      const uses = listVariables(code)
      const defaulted = new Set([...code.matchAll(withDefault)].map(([, name]) => name))
      for (const match of code.matchAll(reference)) {
        const name = match[1] ?? match[2] ?? ''
        const use = uses[name]
        if (use === undefined) continue
        const entry = given.get(name)
        const namedBy = named.get(name)
        found.push({
          name,
          ...{ at: { file, line: index + 1, column: match.index + 1 } },
          default: defaulted.has(name) ? use.default || use.presence : undefined,
          isRequired: use.required,
          ...(namedBy === undefined ? {} : { namedBy }),
          given: entry?.value === undefined ? undefined : { ...entry, value: entry.value },
        })
      }
    }
  }
  return found
}

const script = /(?:\.sh|\.bash|\.mk|^Makefile|^justfile|^\.envrc|^Taskfile\.ya?ml)$/i
const scriptCountMax = 50
const scriptLengthMax = 256 * 1024

const depthOf = (file: string): number => file.split('/').length

/** Variables that scripts beside and below the compose files set: `export TAG=1`, `TAG ?= 1`. */
const readScripts = async (tree: Tree, project: Project): Promise<ReadonlyMap<string, Place>> => {
  const found = new Map<string, Place>()
  const [first = ''] = project.sources
  const folder = posix.dirname(repositoryPath(tree.root, first) ?? '')
  const files = tree
    .under(folder === '.' ? '' : folder)
    .filter((file) => script.test(posix.basename(file)))
    .toSorted((a, b) => depthOf(a) - depthOf(b))
  for (const file of files.slice(0, scriptCountMax)) {
    const text = (await tree.read(file)) ?? ''
    if (text.length > scriptLengthMax) continue
    for (const [index, line] of text.split('\n').entries()) {
      const match = /^\s*(?:(?:export|readonly|local)\s+)?([A-Za-z_]\w{0,99})\s*[?:+]?=/.exec(line)
      const name = match?.[1]
      if (name === undefined || found.has(name)) continue
      found.set(name, { file, line: index + 1, column: line.indexOf(name) + 1 })
    }
  }
  return found
}
