import { originsOf, type Project } from '@keelson/compose'
import type { Tree } from '../tree/tree.ts'
import { repositoryPath } from './places.ts'

const reference = /\$\{?([A-Za-z_]\w*)/g

/**
 * Tells whether a value of the model (`services.api.image`) holds a variable that nobody gave a
 * value, or one of the machine. Such a value is not known: whoever runs the stack sets it.
 */
export const createUnset = async (
  tree: Tree,
  project: Project,
): Promise<(path: string) => boolean> => {
  const names = new Set(
    project.warnings
      .filter(({ code }) => code === 'unset_variable')
      .map(({ message }) => /"([^"]+)" variable/.exec(message)?.[1] ?? ''),
  )
  const rows = new Map<string, readonly string[]>()
  for (const source of project.sources) {
    const file = repositoryPath(tree.root, source)
    const text = file === undefined ? undefined : await tree.read(file)
    if (text !== undefined) rows.set(source, text.split('\n'))
  }
  const isUnsetRow = (file: string, line: number): boolean => {
    if (names.size === 0) return false
    const row = rows.get(file)?.[line - 1] ?? ''
    return [...row.matchAll(reference)].some(([, name = '']) => names.has(name))
  }
  return (path) =>
    originsOf(project, path).some(
      ({ file, line }) => file === 'environment' || isUnsetRow(file, line),
    )
}
