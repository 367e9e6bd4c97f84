import { relative, sep } from 'node:path'
import type { Project } from '@keelson/compose'
import type { Place } from '../place.ts'

type Node = Project['tree'] extends infer Map ? Map | NodeBelow<Map> : never
type NodeBelow<Map> = Map extends { entries: ReadonlyMap<string, { value: infer Value }> }
  ? Value
  : never

/** Where things of a compose model are written. */
export type Places = {
  place: (...keys: readonly string[]) => Place
  isWritten: (...keys: readonly string[]) => boolean
}

/** Repository path of an absolute one; undefined outside of the repository. */
export const repositoryPath = (root: string, path: string): string | undefined => {
  const found = relative(root, path).split(sep).join('/')
  return found === '..' || found.startsWith('../') ? undefined : found
}

/** A key is shown where the key is written, an item of a list where the item is. */
export const placesOf = (project: Project, root: string): Places => {
  const find = (keys: readonly string[]) => {
    let found: { node: Node; at: Node['at'] } = { node: project.tree, at: project.tree.at }
    for (const [index, key] of keys.entries()) {
      const next = below(found.node, key)
      if (next === undefined || next.node.at.note === 'default') return { ...found, depth: index }
      found = next
    }
    return { ...found, depth: keys.length }
  }
  return {
    place: (...keys) => {
      const { file, line, column } = find(keys).at
      return { file: repositoryPath(root, file) ?? file, line, column }
    },
    isWritten: (...keys) => find(keys).depth === keys.length,
  }
}

const below = (node: Node, key: string): { node: Node; at: Node['at'] } | undefined => {
  if (node.kind === 'map') {
    const entry = node.entries.get(key)
    return entry === undefined ? undefined : { node: entry.value, at: entry.keyAt }
  }
  const item = node.kind === 'list' ? node.items[Number(key)] : undefined
  return item === undefined ? undefined : { node: item, at: item.via[0] ?? item.at }
}
