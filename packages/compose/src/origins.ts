import type { Origin } from './diagnostics.ts'
import type { OriginTable, Project } from './model.ts'
import { originChain } from './node.ts'
import type { MapNode, Node } from './node.ts'

/**
 * The origins of every node of the tree, under its path as the canonical model has it. Made when
 * somebody asks: most loads never do.
 */
export function createOriginTable(root: MapNode, name: Origin): OriginTable {
  let known: Map<string, readonly Origin[]> | undefined
  const table = () => (known ??= collectOrigins(root).set('name', [name]))
  return {
    get: (path) => table().get(path),
    has: (path) => table().has(path),
    forEach: (visit, self) => table().forEach(visit, self),
    get size() {
      return table().size
    },
    entries: () => table().entries(),
    keys: () => table().keys(),
    values: () => table().values(),
    [Symbol.iterator]: () => table()[Symbol.iterator](),
  }
}

function collectOrigins(root: MapNode): Map<string, readonly Origin[]> {
  const table = new Map<string, readonly Origin[]>()
  const walk = (node: Node, path: string) => {
    if (path !== '' && !isDefault(node)) table.set(path, originChain(node))
    if (node.kind === 'list') {
      node.items.forEach((item, index) => walk(item, `${path}.${index}`))
    } else if (node.kind === 'map') {
      for (const { key, value } of node.entries.values()) {
        walk(value, path === '' ? key : `${path}.${key}`)
      }
    }
  }
  walk(root, '')
  return table
}

/** What nobody wrote has no place of its own: its nearest written parent has. */
function isDefault(node: Node): boolean {
  return node.at.note === 'default'
}

/**
 * Where the value at `path` comes from, the place nearest to the reader first: the alias, `<<` or
 * `extends` that brought it, where it is written, the variables in it and where those were defined,
 * and what it took the place of. `path` is the path of the canonical model with `.` between keys:
 * `services.api.environment.DB_URL`. For a value that nobody wrote (a default), the nearest written
 * parent with the note `default`; empty when there is none.
 */
export function originsOf(project: { origins: OriginTable } | Project, path: string): Origin[] {
  const exact = project.origins.get(path)
  if (exact !== undefined) return exact.map((origin) => ({ ...origin }))
  for (let end = path.lastIndexOf('.'); end !== -1; end = path.lastIndexOf('.', end - 1)) {
    const parent = project.origins.get(path.slice(0, end))
    const [first] = parent ?? []
    if (first !== undefined) return [{ ...first, note: 'default' }]
    if (end === 0) break
  }
  return []
}

/** The place of the value under these keys, or of the nearest parent there is. */
export function placeOf(root: MapNode, keys: readonly (string | number)[]): Origin {
  let node: Node = root
  for (const key of keys) {
    const next: Node | undefined =
      node.kind === 'map'
        ? node.entries.get(String(key))?.value
        : node.kind === 'list'
          ? node.items[Number(key)]
          : undefined
    if (next === undefined) break
    node = next
  }
  const [nearest = node.at] = node.via
  return nearest
}
